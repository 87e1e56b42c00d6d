//! Starts, timeouts, concurrency, retries.

use super::{Row, cold, range, refused, rival, slow};
use crate::Symptom;
use crate::diagnosis::facts::{ColdStarts, Concurrency, Correlation, Deploy, Runs};

pub(super) const ROWS: &[Row] = &[
    (
        "nothing that is known",
        Symptom::Latency,
        slow,
        "unknown: no known cause fits the numbers",
    ),
    (
        "cold starts after a deploy",
        Symptom::Latency,
        |f| {
            slow(f);
            f.cold = cold(160, 500);
            f.deploy = Some(Deploy {
                minutes_before: 4,
                version: None,
            });
            f.versions = vec![rival("42", 250, 75), rival("41", 250, 75)];
        },
        "cold-start burst (likely): 160 of 500 invocations (32%) were cold starts, 0.4% before, \
         p90 of the init 180 ms; a deploy 4 min before fits",
    ),
    (
        "cold starts after an idle hour",
        Symptom::ColdStarts,
        |f| {
            f.cold = cold(40, 100);
            f.idle_before = Some(60);
        },
        "cold-start burst (likely): 40 of 100 invocations (40%) were cold starts, 0.4% before, \
         p90 of the init 180 ms; 60 idle minutes before fit",
    ),
    (
        "cold starts on scale-out",
        Symptom::ColdStarts,
        |f| {
            f.cold = cold(90, 500);
            f.concurrency.peak = Some(95.0);
        },
        "cold-start burst (likely): 90 of 500 invocations (18%) were cold starts, 0.4% before, \
         p90 of the init 180 ms; scale-out fits: concurrency from 5 to 95",
    ),
    (
        "a cold start or two are no burst",
        Symptom::Latency,
        |f| {
            slow(f);
            f.cold = cold(2, 20);
        },
        "unknown",
    ),
    (
        "as many cold starts as ever are no burst",
        Symptom::ColdStarts,
        |f| {
            f.cold = Some(ColdStarts {
                count: 100,
                invocations: 500,
                share_before: 0.19,
                init_ms: None,
            });
        },
        "unknown",
    ),
    (
        "cold starts that are far fewer than the slow requests do not explain them",
        Symptom::Latency,
        |f| {
            slow(f);
            f.slow = Some(400);
            f.cold = cold(40, 500);
        },
        "unknown",
    ),
    (
        "timeouts that were counted",
        Symptom::Errors,
        |f| {
            f.failed = Some(range(12.0, 1.0));
            f.runs = Some(Runs {
                p99_ms: Some(3_000.0),
                timeout_ms: Some(3_000.0),
                timeouts: 40,
                invocations: 500,
            });
        },
        "timeout wall (certain): Lambda ended 40 of 500 invocations (8%) at the timeout of 3,000 ms",
    ),
    (
        "p99 pinned at the timeout",
        Symptom::Latency,
        |f| {
            slow(f);
            f.runs = Some(Runs {
                p99_ms: Some(2_999.0),
                timeout_ms: Some(3_000.0),
                timeouts: 0,
                invocations: 500,
            });
        },
        "timeout wall (likely): p99 of the duration is 3,000 ms, pinned at the timeout of 3,000 ms",
    ),
    (
        "close to the timeout is headroom, no wall",
        Symptom::Headroom,
        |f| {
            f.runs = Some(Runs {
                p99_ms: Some(2_700.0),
                timeout_ms: Some(3_000.0),
                timeouts: 0,
                invocations: 500,
            })
        },
        "unknown",
    ),
    (
        "one timeout among thousands is no wall",
        Symptom::Latency,
        |f| {
            slow(f);
            f.runs = Some(Runs {
                p99_ms: Some(800.0),
                timeout_ms: Some(3_000.0),
                timeouts: 1,
                invocations: 5_000,
            });
        },
        "unknown",
    ),
    (
        "the reservation is used up",
        Symptom::Throttles,
        |f| {
            refused(f, 40.0);
            f.concurrency.reserved = Some(20.0);
            f.concurrency.peak = Some(20.0);
        },
        "concurrency throttle by the reservation (certain): 40/min refused; peak 20 of 20 reserved",
    ),
    (
        "a reservation of zero",
        Symptom::Throttles,
        |f| {
            refused(f, 40.0);
            f.concurrency.reserved = Some(0.0);
        },
        "concurrency throttle by the reservation (certain): 40/min refused: the reservation is 0, so the function is \
         switched off",
    ),
    (
        "the account's limit is used up, by a neighbour",
        Symptom::Throttles,
        |f| {
            refused(f, 40.0);
            f.concurrency.account_peak = Some(998.0);
            f.concurrency.neighbours = vec![("web".to_owned(), 70.0), ("batch".to_owned(), 880.0)];
        },
        "concurrency throttle by the account's limit (certain): 40/min refused; the account's peak is 998 of 1,000; \
         most used by batch (880), web (70)",
    ),
    (
        "the account is full, but the function has a reservation with room: not the account's limit",
        Symptom::Throttles,
        |f| {
            refused(f, 40.0);
            f.concurrency.account_peak = Some(998.0);
            f.concurrency.reserved = Some(50.0);
            f.concurrency.peak = Some(20.0);
        },
        "throttle below the limits (likely): 40/min refused although peak 20 of 50 reserved: the rate at which \
         Lambda adds environments",
    ),
    (
        "limits that nobody read",
        Symptom::Throttles,
        |f| {
            refused(f, 40.0);
            f.concurrency = Concurrency {
                peak: Some(20.0),
                ..Concurrency::default()
            };
        },
        "throttle below the limits (possible): 40/min refused at a peak of 20; the limits were not read",
    ),
    (
        "a full reservation that refuses nobody is no throttle",
        Symptom::Latency,
        |f| {
            slow(f);
            f.concurrency.reserved = Some(20.0);
            f.concurrency.peak = Some(20.0);
        },
        "unknown",
    ),
    (
        "a retry storm by correlation ids",
        Symptom::Errors,
        |f| {
            f.requests = Some(range(300.0, 100.0));
            f.failed = Some(range(150.0, 1.0));
            f.answered = Some(range(150.0, 99.0));
            f.correlation = Some(Correlation {
                requests: 90,
                distinct: 31,
            });
        },
        "retry storm (likely): 3x the expected requests, 50% of them refused or failed, but only 31 different \
         correlation ids in 90 requests",
    ),
    (
        "a retry storm by the work that gets done",
        Symptom::Errors,
        |f| {
            f.requests = Some(range(300.0, 100.0));
            f.failed = Some(range(200.0, 1.0));
            f.answered = Some(range(100.0, 99.0));
        },
        "retry storm (possible): 3x the expected requests, 66.7% of them refused or failed, while the work done \
         stays at 100/min",
    ),
    (
        "more failing requests with ids of their own are load, no storm",
        Symptom::Errors,
        |f| {
            f.requests = Some(range(300.0, 100.0));
            f.failed = Some(range(150.0, 1.0));
            f.answered = Some(range(99.0, 99.0));
            f.correlation = Some(Correlation {
                requests: 90,
                distinct: 90,
            });
        },
        "load (likely): 3x the expected requests, 90 different correlation ids in 90 requests",
    ),
    (
        "repeated ids without failures are no storm: nobody has a reason to retry",
        Symptom::Traffic,
        |f| {
            f.requests = Some(range(300.0, 100.0));
            f.answered = Some(range(299.0, 99.0));
            f.correlation = Some(Correlation {
                requests: 90,
                distinct: 31,
            });
        },
        "load (possible): 3x the expected requests; whether they are repetitions was not measured",
    ),
    (
        "failures at the usual traffic are no storm",
        Symptom::Errors,
        |f| {
            f.failed = Some(range(50.0, 1.0));
            f.answered = Some(range(50.0, 99.0));
            f.correlation = Some(Correlation {
                requests: 90,
                distinct: 31,
            });
        },
        "unknown",
    ),
];
