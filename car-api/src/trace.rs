//! Annotations of the trace, by which requests can be found in AWS X-Ray: one subsegment a request, sent to the daemon
//! by UDP.
//!
//! Lambda itself makes the segments of an invocation. What it cannot know is the route, the status and the car. A
//! datagram costs the request no wait and no answer; one that cannot be sent is lost without a word, because tracing is
//! never worth a request. (Format: AWS X-Ray developer guide, "Sending trace data to X-Ray",
//! <https://docs.aws.amazon.com/xray/latest/devguide/xray-api-sendingdata.html>, and "X-Ray segment documents",
//! <https://docs.aws.amazon.com/xray/latest/devguide/xray-api-segmentdocuments.html>, November 2026.)

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::time::Duration;

use serde::Serialize;

use crate::ids;
use crate::telemetry::Finished;

/// What every datagram begins with.
const HEADER: &str = "{\"format\":\"json\",\"version\":1}\n";
/// What the subsegment is called.
const NAME: &str = "car-api request";

/// Sends subsegments to the daemon.
#[derive(Debug)]
pub(crate) struct Tracer {
    socket: UdpSocket,
    daemon: SocketAddr,
}

/// A trace that is kept, as the header of a request names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Sampled<'a> {
    root: &'a str,
    parent: &'a str,
}

impl<'a> Sampled<'a> {
    /// None for a trace that is not kept, or of which nobody said so.
    fn of(header: &'a str) -> Option<Self> {
        let part = |name: &str| {
            let mut parts = header.split(';').map(str::trim);
            parts.find_map(|part| part.strip_prefix(name)?.strip_prefix('='))
        };
        (part("Sampled") == Some("1")).then_some(())?;
        Some(Self {
            root: part("Root")?,
            parent: part("Parent")?,
        })
    }
}

#[derive(Serialize)]
struct Subsegment<'a> {
    name: &'static str,
    id: &'a str,
    trace_id: &'a str,
    parent_id: &'a str,
    r#type: &'static str,
    start_time: f64,
    end_time: f64,
    error: bool,
    throttle: bool,
    fault: bool,
    annotations: Annotations<'a>,
}

#[derive(Serialize)]
struct Annotations<'a> {
    route: &'static str,
    status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    car_id: Option<&'a str>,
}

fn seconds(duration: Duration) -> f64 {
    duration.as_secs_f64()
}

impl Tracer {
    /// A tracer that sends to `daemon`; none when the machine has no socket to give.
    #[must_use]
    pub(crate) fn to(daemon: SocketAddr) -> Option<Self> {
        let any: SocketAddr = match daemon {
            SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
            SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
        };
        let socket = UdpSocket::bind(any).ok()?;
        socket.set_nonblocking(true).ok()?;
        Some(Self { socket, daemon })
    }

    /// Sends the request's subsegment, if `header` says that its trace is kept.
    pub(crate) fn request(&self, header: &str, request: &Finished<'_>) {
        let Some(trace) = Sampled::of(header) else {
            return;
        };
        let end = Duration::try_from(request.at.duration_since(jiff::Timestamp::UNIX_EPOCH));
        let end = end.unwrap_or_default();
        let throttle = request.throttled || request.status == 429;
        // Unique in the trace, and the same for the same request.
        let id = ids::digest(&[request.request_id.as_bytes(), b"subsegment"]);
        let subsegment = Subsegment {
            name: NAME,
            id: &id[..16],
            trace_id: trace.root,
            parent_id: trace.parent,
            r#type: "subsegment",
            start_time: seconds(end.saturating_sub(request.latency)),
            end_time: seconds(end),
            error: (400..500).contains(&request.status) || throttle,
            throttle,
            fault: request.status >= 500 && !throttle,
            annotations: Annotations {
                route: request.route,
                status: request.status,
                car_id: request.figures.car_id.as_deref(),
            },
        };
        // A struct of texts and numbers always becomes JSON.
        let document = serde_json::to_string(&subsegment).unwrap_or_default();
        // See above: whatever goes wrong is nobody's business.
        let _ = self
            .socket
            .send_to(format!("{HEADER}{document}").as_bytes(), self.daemon);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_trace_that_is_kept_is_told_of() {
        let kept = Sampled {
            root: "1-5759e988-bd862e3fe1be46a994272793",
            parent: "53995c3f42cd8ad8",
        };
        let root = "Root=1-5759e988-bd862e3fe1be46a994272793";
        let cases = [
            (
                "kept",
                format!("{root};Parent=53995c3f42cd8ad8;Sampled=1"),
                Some(kept),
            ),
            (
                "in another order",
                format!("Sampled=1; Parent=53995c3f42cd8ad8; {root};Lineage=a"),
                Some(kept),
            ),
            (
                "not kept",
                format!("{root};Parent=53995c3f42cd8ad8;Sampled=0"),
                None,
            ),
            (
                "undecided",
                format!("{root};Parent=53995c3f42cd8ad8;Sampled=?"),
                None,
            ),
            ("silent", format!("{root};Parent=53995c3f42cd8ad8"), None),
            ("without a parent", format!("{root};Sampled=1"), None),
            ("empty", String::new(), None),
        ];
        for (rule, header, expected) in cases {
            assert_eq!(Sampled::of(&header), expected, "{rule}");
        }
    }
}
