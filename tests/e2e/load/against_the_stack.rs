//! A short load against the whole stack in this process: real requests, real time, bounded in number.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use outrider::load::{Config, Ending, run};
use outrider::local::gateway::Arrivals;
use outrider::local::lambda::Arrival;
use outrider::local::{Options, Stack};
use platform::clock::SystemClock;
use simulator::load::{Profile, Shape};

#[derive(Debug, Default)]
struct AsTheyCome(AtomicU32);

impl Arrivals for AsTheyCome {
    fn next(&self) -> Arrival {
        let request = self.0.fetch_add(1, Ordering::Relaxed);
        Arrival {
            request,
            throttled: false,
            init_ms: None,
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_stack_serves_a_short_load_without_an_error_and_keeps_none_of_its_cars() {
    let data = tempfile::tempdir().unwrap();
    let stack = Stack::start(Options {
        data: data.path().to_owned(),
        port: 0,
        clock: Arc::new(SystemClock),
        arrivals: Arc::new(AsTheyCome::default()),
        links: false,
        store_calls: None,
    })
    .await
    .unwrap();
    let profile = Profile {
        shape: Shape::Constant,
        rate: 20.0,
        seconds: 3.0,
        seed: 3,
    };
    let mut config = Config::new(stack.url().parse().unwrap(), profile);
    // However busy the machine is that runs the tests.
    config.timeout = std::time::Duration::from_secs(60);
    let report = run(&config).await.unwrap();
    assert_eq!(
        report.endings.get(&Ending::Ok),
        Some(&60),
        "{:?} {:?}",
        report.endings,
        report.first_failure
    );
    assert_eq!(
        (report.errors(), report.repeats, report.latency_ms.count),
        (0, 0, 60)
    );
    assert!(
        report
            .answers
            .keys()
            .all(|code| ["200", "201", "204"].contains(&code.as_str())),
        "{:?}",
        report.answers
    );
    assert!(report.left_over.is_empty(), "{:?}", report.left_over);
    let cars = reqwest::get(format!("{}/cars", stack.url()))
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    assert_eq!(cars, "[]", "nothing stays behind");
    stack.stop().await.unwrap();
}
