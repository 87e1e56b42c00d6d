//! What happens around every request: its names, its span, its problem document, its metrics and its log line.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use tracing::Instrument;

use crate::Deps;
use crate::car::CarId;
use crate::fault::{self, Ending, Fault};
use crate::gateway;
use crate::ids;
use crate::problem::Failure;
use crate::store::Meter;
use crate::telemetry::{Figures, Finished, Telemetry};
use crate::trace::Tracer;
use platform::clock::Operation;

/// The client's name for what it is doing, handed on to the log, the metrics and the events.
pub const CORRELATION_ID: HeaderName = HeaderName::from_static("x-correlation-id");
/// The route of a request that no route is for. One name: paths that are made up must not make metrics.
pub const UNMATCHED: &str = "unmatched";

/// Every route, as it is named in metrics. A trailing slash makes no other route.
pub const ROUTES: [(Method, &str, &str); 10] = [
    (Method::GET, "/cars", "GET /cars"),
    (Method::POST, "/cars", "POST /cars"),
    (Method::PUT, "/cars", "PUT /cars"),
    (Method::GET, "/cars/{car_id}", "GET /cars/{car_id}"),
    (Method::PUT, "/cars/{car_id}", "PUT /cars/{car_id}"),
    (Method::PATCH, "/cars/{car_id}", "PATCH /cars/{car_id}"),
    (Method::DELETE, "/cars/{car_id}", "DELETE /cars/{car_id}"),
    (
        Method::GET,
        "/requests/{request_id}",
        "GET /requests/{request_id}",
    ),
    (Method::GET, "/health", "GET /health"),
    (Method::GET, "/openapi.json", "GET /openapi.json"),
];

/// What all requests share.
#[derive(Debug)]
pub struct App {
    /// The ports and settings.
    pub deps: Deps,
    telemetry: Telemetry,
    tracer: Option<Tracer>,
    warm: AtomicBool,
}

impl App {
    /// The state of a new environment.
    #[must_use]
    pub fn new(deps: Deps) -> Self {
        let settings = &deps.settings;
        let telemetry = Telemetry::new(
            &settings.namespace,
            settings.identity.clone(),
            deps.emitter.clone(),
        );
        let warm = AtomicBool::new(settings.provisioned);
        Self {
            tracer: settings.trace_daemon.and_then(Tracer::to),
            deps,
            telemetry,
            warm,
        }
    }

    /// The documents' writer, unless documents are switched off.
    pub(crate) fn telemetry(&self) -> Option<&Telemetry> {
        self.deps.settings.telemetry.then_some(&self.telemetry)
    }

    /// Called once for each request and each batch; true for the first.
    pub(crate) fn is_cold(&self, synthetic: bool) -> bool {
        let cold = !self.warm.swap(true, Ordering::SeqCst);
        // At once: what it is for may crash.
        if let Some(telemetry) = self.telemetry().filter(|_| cold && !synthetic) {
            telemetry.cold_start(self.deps.clock.now());
        }
        cold
    }
}

/// One request under way.
#[derive(Debug)]
pub struct Flight {
    /// Lambda's id for it, or a fresh one.
    pub request_id: String,
    /// The client's id for it, or the request's.
    pub correlation_id: String,
    /// What stands before the path that the service sees: the stage of an API, or nothing.
    pub prefix: String,
    /// Whether it only tries this version out: nobody is told of it, and it makes no metrics.
    pub synthetic: bool,
    /// Who asks, hashed; empty where callers have no names, and for work.
    pub caller: String,
    /// What its store calls cost.
    pub meter: Meter,
    figures: Mutex<Figures>,
}

impl Flight {
    /// A request, or a piece of work, that has done nothing yet.
    pub(crate) fn new(
        request_id: String,
        correlation_id: String,
        prefix: String,
        caller: String,
        synthetic: bool,
    ) -> Self {
        Self {
            request_id,
            correlation_id,
            prefix,
            caller,
            synthetic,
            meter: Meter::default(),
            figures: Mutex::default(),
        }
    }

    /// Notes which car it is about.
    pub(crate) fn is_about(&self, car_id: &CarId) {
        self.count(|figures| figures.car_id = Some(car_id.as_str().to_owned()));
    }

    /// Counts.
    pub fn count(&self, count: impl FnOnce(&mut Figures)) {
        // Numbers and a name: nothing can be left half-written in a way that matters.
        count(&mut self.figures.lock().unwrap_or_else(PoisonError::into_inner));
    }

    pub(crate) fn figures(&self) -> Figures {
        self.figures
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

#[derive(Debug, Clone, Copy)]
struct Route(&'static str);

fn route_name(method: &Method, template: Option<&str>) -> &'static str {
    let method = if method == Method::HEAD {
        &Method::GET
    } else {
        method
    };
    let template = template.map(|template| template.trim_end_matches('/'));
    let known = ROUTES
        .iter()
        .find(|(of, path, _)| of == method && Some(*path) == template);
    known.map_or(UNMATCHED, |(_, _, name)| name)
}

/// Runs after routing: tells [`around`] which route it was.
pub async fn name_route(request: Request, next: Next) -> Response {
    let template = request
        .extensions()
        .get::<MatchedPath>()
        .map(MatchedPath::as_str);
    let route = Route(route_name(request.method(), template));
    let mut response = next.run(request).await;
    response.extensions_mut().insert(route);
    response
}

/// Runs after routing and before the handler: injects the faults that were asked for.
///
/// # Errors
/// The fault itself, or a header that names none.
#[expect(
    clippy::panic,
    reason = "the fault that is asked for is a crash: an answer of any kind would not count in Errors"
)]
pub async fn inject(
    State(app): State<Arc<App>>,
    request: Request,
    next: Next,
) -> Result<Response, Failure> {
    let header = request
        .headers()
        .get(fault::HEADER)
        .filter(|_| app.deps.settings.fault_injection);
    if let Some(header) = header {
        let fault = Fault::parse(header.to_str().unwrap_or("?"))?;
        if !fault.latency.is_zero() {
            app.deps.clock.pause(fault.latency).await;
        }
        match fault.ending {
            Some(Ending::Error) => return Err(Failure::InjectedError),
            Some(Ending::Throttle) => return Err(Failure::InjectedThrottle),
            Some(Ending::Panic) => panic!("injected fault: panic"),
            None => {}
        }
    }
    Ok(next.run(request).await)
}

fn correlation_id(headers: &HeaderMap) -> Option<&str> {
    let text = headers.get(&CORRELATION_ID)?.to_str().ok()?;
    ids::is_correlation_id(text).then_some(text)
}

/// The `Root` of an X-Ray header, which is the trace's id; the whole header when it has no parts.
fn trace_root(header: &str) -> &str {
    header
        .split(';')
        .find_map(|part| part.strip_prefix("Root="))
        .unwrap_or(header)
}

/// Runs around everything, routing included.
pub async fn around(State(app): State<Arc<App>>, mut request: Request, next: Next) -> Response {
    let clock = &app.deps.clock;
    let mark = clock.start();
    let head = request.method() == Method::HEAD;
    let prefix = gateway::strip_stage(&mut request);
    let caller = gateway::caller(&request);
    let synthetic = gateway::is_pre_traffic(&request);
    let context = request.extensions().get::<lambda_http::Context>();
    let request_id = context
        .map(|context| context.request_id.clone())
        .filter(|id| !id.is_empty())
        .unwrap_or_else(ids::fresh);
    let trace = context.and_then(|context| context.xray_trace_id.clone());
    let trace_id = trace.as_deref().map(|header| trace_root(header).to_owned());
    let correlation_id =
        correlation_id(request.headers()).map_or_else(|| request_id.clone(), str::to_owned);
    let flight = Flight::new(request_id, correlation_id, prefix, caller, synthetic);
    let flight = Arc::new(flight);
    let instance = format!("{}{}", flight.prefix, request.uri().path());
    request.extensions_mut().insert(flight.clone());

    let cold_start = app.is_cold(synthetic);
    // At the level of an error, so that at any log level its fields are on every line.
    let span = tracing::error_span!(
        "request",
        function_request_id = flight.request_id,
        correlation_id = flight.correlation_id,
        xray_trace_id = trace_id,
        cold_start,
        synthetic = synthetic.then_some(true),
    );
    let response = next.run(request).instrument(span.clone()).await;
    let _inside = span.enter();

    let failure = response.extensions().get::<Failure>().cloned();
    let route = response
        .extensions()
        .get::<Route>()
        .map_or(UNMATCHED, |route| route.0);
    let mut response = match &failure {
        Some(failure) => {
            let mut problem = failure.render(&instance, &flight.correlation_id);
            // `Allow` on 405.
            problem.headers_mut().extend(
                response
                    .headers()
                    .iter()
                    .filter(|(name, _)| *name == http::header::ALLOW)
                    .map(|(name, value)| (name.clone(), value.clone())),
            );
            problem
        }
        None => response,
    };
    if head {
        // A problem has a body; the answer to HEAD has none.
        *response.body_mut() = axum::body::Body::empty();
    }
    if let Ok(value) = HeaderValue::from_str(&flight.correlation_id) {
        response.headers_mut().insert(CORRELATION_ID, value);
    }

    let latency = clock.finish(Operation::Request, mark);
    let finished = Finished {
        at: clock.now(),
        route,
        status: response.status().as_u16(),
        latency,
        error_type: failure.as_ref().map(Failure::class),
        throttled: failure.as_ref().is_some_and(Failure::is_throttle),
        invalid: failure.as_ref().is_some_and(Failure::is_validation),
        figures: flight.figures(),
        cost: flight.meter.total(),
        request_id: &flight.request_id,
        correlation_id: &flight.correlation_id,
        trace_id: trace_id.as_deref(),
        cold_start,
    };
    if let Some(telemetry) = app.telemetry() {
        if synthetic {
            telemetry.synthetic(&finished);
        } else {
            telemetry.request(&finished);
        }
    }
    if let Some((tracer, header)) = app.tracer.as_ref().zip(trace.as_deref()) {
        tracer.request(header, &finished);
    }
    log(&finished, failure.as_ref(), app.deps.settings.telemetry);
    // At a level above INFO there was no line that the document could go with.
    app.deps.emitter.flush();
    response
}

fn log(request: &Finished<'_>, failure: Option<&Failure>, telemetry: bool) {
    let latency_ms = request.latency.as_secs_f64() * 1_000.0;
    if let Some(failure) = failure.filter(|failure| failure.status().is_server_error()) {
        tracing::error!(
            route = request.route,
            error_class = failure.class(),
            "{failure}"
        );
    }
    if !telemetry {
        return;
    }
    tracing::info!(
        route = request.route,
        status = request.status,
        latency_ms,
        error_class = request.error_type,
        "request"
    );
}
