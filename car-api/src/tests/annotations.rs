//! Annotations of the trace, against a socket in place of the daemon.

use std::io::ErrorKind;
use std::net::UdpSocket;

use serde_json::{Value, json};

use super::harness::*;

fn daemon() -> (UdpSocket, String) {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    // What was sent to this machine is there when the sender goes on: nothing to wait for.
    socket.set_nonblocking(true).unwrap();
    let address = socket.local_addr().unwrap().to_string();
    (socket, address)
}

fn received(socket: &UdpSocket) -> Option<String> {
    let mut datagram = [0; 4_096];
    match socket.recv(&mut datagram) {
        Ok(length) => Some(String::from_utf8(datagram[..length].to_vec()).unwrap()),
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::WouldBlock);
            None
        }
    }
}

#[tokio::test]
async fn a_sampled_request_is_a_subsegment_with_its_annotations() {
    let (socket, address) = daemon();
    let vars = [
        ("CAROBS_TRACE_ANNOTATIONS", "enabled"),
        ("AWS_XRAY_DAEMON_ADDRESS", address.as_str()),
        ("CAROBS_FAULT_INJECTION", "enabled"),
    ];
    let world = World::with(&vars, |store| store).await;
    let ask = get("/cars/c-1").header("x-outrider-fault", "latency=500");
    world.call(ask.request_id("r-1")).await;
    let datagram = received(&socket).expect("one datagram");
    let (header, document) = datagram.split_once('\n').unwrap();
    assert_eq!(header, r#"{"format":"json","version":1}"#);
    let mut document: Value = serde_json::from_str(document).unwrap();
    let id = document["id"].take();
    assert_eq!(id.as_str().unwrap().len(), 16);
    let noon = noon().as_second() as f64;
    let expected = json!({
        "name": "car-api request", "id": null, "type": "subsegment",
        "trace_id": "1-5759e988-bd862e3fe1be46a994272793", "parent_id": "53995c3f42cd8ad8",
        "start_time": noon, "end_time": noon + 0.5, "error": true, "throttle": false, "fault": false,
        "annotations": { "route": "GET /cars/{car_id}", "status": 404, "car_id": "c-1" },
    });
    assert_eq!(document, expected);
    assert_eq!(received(&socket), None);
    // Without a trace there is nothing to annotate.
    world.call(get("/cars/c-1")).await;
    assert_eq!(received(&socket), None);
}

#[tokio::test]
async fn nothing_is_sent_unless_it_is_asked_for() {
    let (socket, address) = daemon();
    let vars = [("AWS_XRAY_DAEMON_ADDRESS", address.as_str())];
    let world = World::with(&vars, |store| store).await;
    world.call(get("/health").request_id("r-1")).await;
    assert_eq!(received(&socket), None);
}

#[tokio::test]
async fn a_daemon_that_is_not_there_touches_no_request() {
    // Nobody listens on this port any more.
    let (socket, address) = daemon();
    drop(socket);
    let vars = [
        ("CAROBS_TRACE_ANNOTATIONS", "enabled"),
        ("AWS_XRAY_DAEMON_ADDRESS", address.as_str()),
    ];
    let world = World::with(&vars, |store| store).await;
    for _ in 0..3 {
        assert_eq!(
            world.call(get("/health").request_id("r-1")).await.status,
            200
        );
    }
}
