//! The responder's binary tries car-api's binary, as CodeDeploy would have it done: the events, the wire formats and
//! the service are the real ones, only Lambda and CodeDeploy are stand-ins.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use e2e::event_bus::EventBus;
use e2e::function::Function;
use e2e::listener::Listener;
use e2e::refusal;
use e2e::runtime_api::Answer;
use platform::testing::Server;
use serde_json::{Value, json};
use signals::Metric;

const TABLE: &str = "cars";
const VERSION: &str = "arn:aws:lambda:eu-west-1:000000000000:function:outrider-car-api:42";

/// Lambda's `Invoke`: hands the event to the one version there is.
async fn invoke(State(version): State<Arc<Function>>, event: Bytes) -> Response {
    match version.api.invoke(event).await {
        Answer::Response(payload) => payload.to_string().into_response(),
        Answer::Error { body, .. } => {
            ([("x-amz-function-error", "Unhandled")], body.to_string()).into_response()
        }
    }
}

type Told = Arc<Mutex<Vec<Value>>>;

async fn put_status(State(told): State<Told>, body: Bytes) -> impl IntoResponse {
    told.lock()
        .unwrap()
        .push(serde_json::from_slice(&body).unwrap());
    (StatusCode::OK, "{}")
}

struct World {
    dynamodb: Server,
    bus: EventBus,
    version: Arc<Function>,
    lambda: Listener,
    codedeploy: Listener,
    told: Told,
}

impl World {
    /// `more` is set for car-api on top of what it needs.
    async fn start(more: &[(&str, &str)]) -> Self {
        let dynamodb = Server::start().await;
        car_api::store::dynamodb::create_table(&dynamodb.client().await, TABLE)
            .await
            .unwrap();
        let bus = EventBus::start().await;
        let bus_endpoint = bus.endpoint();
        let mut vars = vec![
            ("AWS_ENDPOINT_URL_DYNAMODB", dynamodb.endpoint.as_str()),
            ("AWS_ENDPOINT_URL_EVENTBRIDGE", bus_endpoint.as_str()),
            ("CAR_TABLE_NAME", TABLE),
            ("CAR_EVENT_BUS", "cars"),
        ];
        vars.extend_from_slice(more);
        let version = Arc::new(Function::start("car-api", &vars).await);
        let told = Told::default();
        let lambda = Router::new().fallback(invoke).with_state(version.clone());
        let codedeploy = Router::new()
            .route("/", post(put_status))
            .with_state(told.clone());
        Self {
            lambda: Listener::serve(lambda).await,
            codedeploy: Listener::serve(codedeploy).await,
            dynamodb,
            bus,
            version,
            told,
        }
    }

    async fn responder(&self, codedeploy: &str) -> Function {
        let vars = [
            ("AWS_ENDPOINT_URL_LAMBDA", self.lambda.endpoint()),
            ("AWS_ENDPOINT_URL_CODEDEPLOY", codedeploy.to_owned()),
            ("CAR_API_VERSION_ARN", VERSION.to_owned()),
        ];
        let vars = vars.each_ref().map(|(name, value)| (*name, value.as_str()));
        Function::start("responder", &vars).await
    }

    /// Cars in the table; the answers of idempotent requests beside them have no model.
    async fn cars(&self) -> Vec<Value> {
        let items = self.dynamodb.client().await.scan().table_name(TABLE);
        let items = items.send().await.unwrap().items.unwrap_or_default();
        let cars = items.iter().filter(|item| item.contains_key("model"));
        cars.map(|car| json!(format!("{car:?}"))).collect()
    }
}

fn event() -> Value {
    json!({ "DeploymentId": "d-ABC123", "LifecycleEventHookExecutionId": "eyJleGVjdXRpb24i" })
}

fn report(status: &str) -> Value {
    json!({
        "deploymentId": "d-ABC123",
        "lifecycleEventHookExecutionId": "eyJleGVjdXRpb24i",
        "status": status,
    })
}

#[tokio::test]
async fn the_real_car_api_passes_and_nobody_notices_that_it_was_tried() {
    let world = World::start(&[]).await;
    let mut responder = world.responder(&world.codedeploy.endpoint()).await;
    let outcome = responder.invoke(&event()).await.response();
    assert_eq!(outcome["verdict"], "Succeeded", "{outcome}");
    assert_eq!(outcome["calls"], 6, "{outcome}");
    assert_eq!(*world.told.lock().unwrap(), [report("Succeeded")]);
    assert_eq!(world.cars().await, [] as [Value; 0]);

    // Kept out of every baseline: no metric, no event.
    assert_eq!(world.bus.taken(), [] as [Value; 0]);
    let log = world.version.log();
    assert_eq!(log.emf, [] as [Value; 0], "documents that make metrics");
    let documents = log
        .lines
        .iter()
        .filter(|line| line.get("Requests").is_some());
    let synthetic: Vec<_> = documents.map(|document| &document["synthetic"]).collect();
    assert_eq!(synthetic, [true; 6], "documents without metrics");
    // And found by the deployment's id.
    let found = |line: &&Value| line["correlation_id"] == "pre-traffic-d-ABC123";
    assert!(log.lines.iter().filter(found).count() >= 6, "{log:?}");
    // What CodeDeploy recognises an answer by is nobody else's business.
    for line in responder.log().lines {
        assert!(!line.to_string().contains("eyJ"), "{line}");
    }
}

#[tokio::test]
async fn the_same_event_again_is_harmless() {
    let world = World::start(&[]).await;
    let mut responder = world.responder(&world.codedeploy.endpoint()).await;
    for _ in 0..2 {
        let outcome = responder.invoke(&event()).await.response();
        assert_eq!(outcome["verdict"], "Succeeded", "{outcome}");
    }
    assert_eq!(world.cars().await, [] as [Value; 0]);
}

#[tokio::test]
async fn a_car_api_that_has_lost_its_table_gets_no_traffic() {
    let refusing = refusal::start().await;
    let endpoint = refusing.endpoint();
    let world = World::start(&[("AWS_ENDPOINT_URL_DYNAMODB", &endpoint)]).await;
    let mut responder = world.responder(&world.codedeploy.endpoint()).await;
    let outcome = responder.invoke(&event()).await.response();
    assert_eq!(outcome["complaint"]["step"], "create", "{outcome}");
    assert_eq!(*world.told.lock().unwrap(), [report("Failed")]);
}

#[tokio::test]
async fn a_codedeploy_that_refuses_is_an_error_of_the_function_and_no_success() {
    let world = World::start(&[]).await;
    let refusing = refusal::start().await;
    let mut responder = world.responder(&refusing.endpoint()).await;
    match responder.invoke(&event()).await {
        Answer::Error { body, .. } => {
            assert_eq!(body["errorType"], "Responder.Permanent", "{body}");
            assert!(body.to_string().contains("d-ABC123"), "{body}");
        }
        Answer::Response(outcome) => panic!("answered {outcome}"),
    }
    assert_eq!(world.cars().await, [] as [Value; 0]);
}

#[tokio::test]
async fn a_responder_that_is_to_try_an_alias_does_not_start() {
    let alias = VERSION.replace(":42", ":live");
    let function = Function::start("responder", &[("CAR_API_VERSION_ARN", &alias)]).await;
    let ended = function.ended().await;
    assert!(!ended.status.success(), "{ended:?}");
    let log = e2e::function::Log::of(&ended.stdout);
    assert_eq!(log.with(Metric::ConfigError).len(), 1, "{ended:?}");
    assert!(ended.stdout.contains("CAR_API_VERSION_ARN is"), "{ended:?}");
}
