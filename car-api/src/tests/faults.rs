use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use platform::clock::Clock;
use platform::emit::{Emitter, Writer};
use serde_json::json;

use super::harness::*;
use crate::car::{Car, CarId, Changes};
use crate::store::{
    CarStore, Created, Deleted, ListQuery, Meter, Once, Page, StoreError, Updated, Write,
};
use crate::{Deps, Service, gateway};

#[derive(Debug, Clone, Copy)]
enum Illness {
    Throttles,
    TimesOut,
    Hangs,
    Refuses,
}

/// A store that is ill once it is told to be, before it does anything.
#[derive(Debug)]
struct Sick {
    store: Arc<dyn CarStore>,
    illness: Illness,
    ill: Arc<AtomicBool>,
}

impl Sick {
    async fn suffer(&self) -> Result<(), StoreError> {
        if !self.ill.load(Ordering::SeqCst) {
            return Ok(());
        }
        let operation = "PutItem";
        let message =
            "ProvisionedThroughputExceededException from dynamodb at 127.0.0.1".to_owned();
        match self.illness {
            Illness::Throttles => Err(StoreError::Throttled { operation, message }),
            Illness::TimesOut => Err(StoreError::Unavailable { operation, message }),
            Illness::Refuses => Err(StoreError::Refused { operation, message }),
            Illness::Hangs => std::future::pending().await,
        }
    }
}

#[async_trait]
impl CarStore for Sick {
    async fn get(&self, id: &CarId, meter: &Meter) -> Result<Option<Car>, StoreError> {
        self.suffer().await?;
        self.store.get(id, meter).await
    }

    async fn list(&self, query: &ListQuery, meter: &Meter) -> Result<Page, StoreError> {
        self.suffer().await?;
        self.store.list(query, meter).await
    }

    async fn create(
        &self,
        car: &Car,
        once: Option<&Once>,
        write: Write<'_>,
        meter: &Meter,
    ) -> Result<Created, StoreError> {
        self.suffer().await?;
        self.store.create(car, once, write, meter).await
    }

    async fn update(
        &self,
        id: &CarId,
        changes: &Changes,
        write: Write<'_>,
        meter: &Meter,
    ) -> Result<Updated, StoreError> {
        self.suffer().await?;
        self.store.update(id, changes, write, meter).await
    }

    async fn delete(
        &self,
        id: &CarId,
        write: Write<'_>,
        meter: &Meter,
    ) -> Result<Deleted, StoreError> {
        self.suffer().await?;
        self.store.delete(id, write, meter).await
    }
}

#[tokio::test]
async fn whatever_ails_the_store_the_client_is_told_to_come_back_and_nothing_is_half_written() {
    let cases = [
        (Illness::Throttles, 503, "throttled", "Throttled"),
        (Illness::TimesOut, 503, "unavailable", "Faults"),
        (Illness::Hangs, 503, "unavailable", "Faults"),
        (Illness::Refuses, 500, "internal-error", "Faults"),
    ];
    for (illness, status, class, metric) in cases {
        let ill = Arc::new(AtomicBool::new(false));
        let switch = ill.clone();
        let decorate = |store| {
            Arc::new(Sick {
                store,
                illness,
                ill,
            }) as Arc<dyn CarStore>
        };
        // Long enough for a healthy call on a busy machine.
        let world = World::with(&[("CAROBS_CALL_TIMEOUT_MS", "1000")], decorate).await;
        world.car("c-1").await;
        let before = world.call(get("/cars")).await.body;
        switch.store(true, Ordering::SeqCst);
        let car = || json!({ "model": "M", "year": 2024 });
        let asks = [
            post("/cars").header("idempotency-key", "k").json(car()),
            get("/cars"),
            get("/cars/c-1"),
            post("/cars").json(car()),
            put("/cars/c-1").json(car()),
            patch("/cars/c-1").json(car()),
            delete("/cars/c-1"),
        ];
        // A call that hangs costs its whole time-out: two of them tell enough.
        let most = if matches!(illness, Illness::Hangs) {
            2
        } else {
            asks.len()
        };
        for ask in asks.into_iter().take(most) {
            let reply = world.call(ask).await;
            assert_eq!(
                (reply.status, reply.body["type"].as_str()),
                (status, Some(format!("urn:acm:problem:{class}").as_str())),
                "{illness:?}"
            );
            let document = world.last();
            for name in ["Throttled", "Faults", "ClientErrors"] {
                assert_eq!(
                    document[name],
                    u64::from(name == metric),
                    "{illness:?} {name}"
                );
            }
        }
        switch.store(false, Ordering::SeqCst);
        assert_eq!(world.call(get("/cars")).await.body, before, "{illness:?}");
        assert_eq!(world.bus.heard(), ["CarCreated"], "{illness:?}");
        let key = world
            .call(post("/cars").header("idempotency-key", "k").json(car()))
            .await;
        assert_eq!(
            (key.status, key.header("idempotency-replayed")),
            (201, ""),
            "{illness:?}: the key is still free"
        );
    }
}

#[tokio::test]
async fn events_that_are_refused_are_counted_and_never_fail_the_request() {
    let world = World::new().await;
    world.car("c-1").await;
    *world.bus.refuse.lock().unwrap() = 1;
    let reply = world
        .call(patch("/cars/c-1").json(json!({ "status": "Rented" })))
        .await;
    assert_eq!(reply.status, 200);
    let document = world.last();
    let counted = [
        "EventsPublished",
        "EventPublishFailures",
        "RetryAttempts",
        "RetriesExhausted",
        "Faults",
    ]
    .map(|name| document[name].as_u64().unwrap());
    assert_eq!(counted, [1, 1, 2, 1, 0]);
}

#[tokio::test]
async fn faults_are_injected_only_where_the_environment_allows_it() {
    let closed = World::new().await;
    for fault in ["error", "panic", "throttle", "nonsense", "latency=800"] {
        assert_eq!(
            closed
                .call(get("/health").header("x-outrider-fault", fault))
                .await
                .status,
            200,
            "{fault}"
        );
    }
    let open = World::with(&[("CAROBS_FAULT_INJECTION", "enabled")], |store| store).await;
    let cases = [
        ("error", 500),
        ("throttle", 503),
        ("latency=50", 200),
        ("latency=50, error", 500),
        ("nonsense", 400),
    ];
    for (fault, status) in cases {
        assert_eq!(
            open.call(get("/health").header("x-outrider-fault", fault))
                .await
                .status,
            status,
            "{fault}"
        );
    }
    let ask = post("/cars")
        .header("x-outrider-fault", "error")
        .json(json!({ "car_id": "c-1", "model": "M", "year": 2024 }));
    assert_eq!(open.call(ask).await.status, 500);
    assert_eq!(
        open.call(get("/cars/c-1")).await.status,
        404,
        "a fault strikes before anything is written"
    );
}

#[tokio::test]
async fn injected_latency_is_the_clock_s_and_takes_no_real_time() {
    let world = World::with(&[("CAROBS_FAULT_INJECTION", "enabled")], |store| store).await;
    world
        .call(get("/health").header("x-outrider-fault", "latency=30000"))
        .await;
    assert_eq!(world.last()["Latency"].as_f64(), Some(30_000.0));
}

#[tokio::test]
async fn an_injected_panic_ends_the_invocation_and_not_the_environment() {
    let world = World::with(&[("CAROBS_FAULT_INJECTION", "enabled")], |store| store).await;
    let event = |fault: &str| {
        json!({
            "version": "2.0", "routeKey": "$default", "rawPath": "/health", "rawQueryString": "",
            "headers": { "x-outrider-fault": fault }, "isBase64Encoded": false,
            "requestContext": { "accountId": "1", "apiId": "a", "stage": "$default", "requestId": "x", "time": "12/Mar/2020:19:03:58 +0000", "timeEpoch": 1,
                "http": { "method": "GET", "path": "/health", "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1", "userAgent": "test" } },
        })
        .to_string()
    };
    let handle = async |fault: &str| {
        let context = lambda_http::Context::default();
        world.service.handle(&event(fault), context).await
    };
    let crashed = handle("panic").await.unwrap_err();
    assert_eq!(
        crashed,
        gateway::InvocationError::Crashed("injected fault: panic".to_owned())
    );
    assert_eq!(
        world.documents().len(),
        1,
        "the cold start is counted; the request, as in reality, is not"
    );
    assert!(handle("").await.is_ok());
}

#[tokio::test]
async fn a_log_that_cannot_be_written_fails_no_request() {
    struct Full;
    impl std::io::Write for Full {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::Error::other("no space left"))
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let world = World::new().await;
    let emitter = Arc::new(Writer::new(Full));
    let deps = Deps {
        store: world.store.clone(),
        events: world.bus.clone(),
        backlog: None,
        clock: world.clock.clone() as Arc<dyn Clock>,
        emitter: emitter.clone() as Arc<dyn Emitter>,
        settings: settings(&[]),
    };
    let reply = answer(&Service::new(deps).router(), get("/health")).await;
    assert_eq!(reply.status, 200);
    assert_eq!(
        emitter.lost(),
        2,
        "the cold start's document and the request's"
    );
}
