//! Memory, dependencies, routes, versions, mixes, traffic.

use super::{Row, dependency, range, refused, rival, routes, slow};
use crate::contribution::{self, Dimension, Slice};
use crate::diagnosis::facts::{Changed, Deploy, Memory};
use crate::{Direction, Symptom};

pub(super) const ROWS: &[Row] = &[
    (
        "out of memory",
        Symptom::Errors,
        |f| {
            f.failed = Some(range(12.0, 1.0));
            f.memory = Some(Memory {
                peak_mb: Some(128.0),
                peak_before_mb: Some(60.0),
                size_mb: Some(128.0),
                out_of_memory: 7,
            });
        },
        "out of memory (certain): 7 invocations ended at the memory limit; peak 128 of 128 MB",
    ),
    (
        "memory pressure",
        Symptom::Latency,
        |f| {
            slow(f);
            f.memory = Some(Memory {
                peak_mb: Some(122.0),
                peak_before_mb: Some(60.0),
                size_mb: Some(128.0),
                out_of_memory: 0,
            });
        },
        "memory pressure (possible): memory went from 60 to 122 of 128 MB (95.3%)",
    ),
    (
        "memory that was as full while all was well explains nothing",
        Symptom::Latency,
        |f| {
            slow(f);
            f.memory = Some(Memory {
                peak_mb: Some(122.0),
                peak_before_mb: Some(121.0),
                size_mb: Some(128.0),
                out_of_memory: 0,
            });
        },
        "unknown",
    ),
    (
        "a slow dependency",
        Symptom::Latency,
        |f| {
            slow(f);
            f.dependencies = vec![
                dependency("EventBridgeLatency", 11.0, 10.0),
                dependency("DynamoDbLatency", 112.0, 20.0),
            ];
        },
        "slow dependency (likely): DynamoDbLatency takes 112 ms a request instead of 20: 92% of the rise",
    ),
    (
        "a dependency that explains a third",
        Symptom::Latency,
        |f| {
            slow(f);
            f.dependencies = vec![dependency("DynamoDbLatency", 55.0, 20.0)];
        },
        "slow dependency (possible): DynamoDbLatency takes 55 ms a request instead of 20: 35% of the rise",
    ),
    (
        "a dependency that doubled and weighs nothing is not it",
        Symptom::Latency,
        |f| {
            slow(f);
            f.dependencies = vec![dependency("CacheLatency", 4.0, 2.0)];
        },
        "unknown",
    ),
    (
        "one bad route",
        Symptom::Errors,
        |f| {
            f.failed = Some(range(40.0, 1.0));
            f.contributions = routes((41.0, 100.0), (9.0, 900.0));
        },
        "one bad route (likely): POST /cars explains 100% of the change with 10% of the requests",
    ),
    (
        "the route with most requests is not a bad one when all are hit alike",
        Symptom::Errors,
        |f| {
            f.failed = Some(range(40.0, 1.0));
            f.contributions = routes((10.0, 100.0), (90.0, 900.0));
        },
        "unknown",
    ),
    (
        "a mix shift is called a mix shift",
        Symptom::Latency,
        |f| {
            slow(f);
            let slice = |label: &str, before: (f64, f64), during: (f64, f64)| Slice {
                label: label.to_owned(),
                hits_before: before.0,
                exposure_before: before.1,
                hits_during: during.0,
                exposure_during: during.1,
            };
            let slices = [
                slice("GET /report", (50.0, 100.0), (450.0, 900.0)),
                slice("GET /cars", (0.0, 900.0), (0.0, 100.0)),
            ];
            f.contributions = contribution::of_ratio(Dimension::Route, &slices)
                .into_iter()
                .collect();
        },
        "mix shift (likely): 100% of the change is requests that moved between routes, which themselves are as before",
    ),
    (
        "one bad version beside a good one",
        Symptom::Errors,
        |f| {
            f.failed = Some(range(12.0, 1.0));
            f.versions = vec![rival("41", 450, 5), rival("42", 50, 20)];
        },
        "one bad version (likely): version 42: 20 of 50 requests failed (40%), beside it 5 of 450 (1.11%)",
    ),
    (
        "a new version as bad as the old one beside it is not it",
        Symptom::Errors,
        |f| {
            f.failed = Some(range(100.0, 1.0));
            f.versions = vec![rival("41", 450, 90), rival("42", 50, 11)];
            f.deploy = Some(Deploy {
                minutes_before: 3,
                version: Some("42".to_owned()),
            });
        },
        "unknown",
    ),
    (
        "two failures of a canary prove nothing",
        Symptom::Errors,
        |f| {
            f.failed = Some(range(3.0, 1.0));
            f.versions = vec![rival("41", 450, 4), rival("42", 20, 2)];
        },
        "unknown",
    ),
    (
        "a canary that looks three times as bad by chance",
        Symptom::Errors,
        |f| {
            f.failed = Some(range(23.0, 1.0));
            f.versions = vec![rival("41", 450, 20), rival("42", 20, 3)];
        },
        "unknown",
    ),
    (
        "a version that serves alone since shortly before",
        Symptom::Errors,
        |f| {
            f.failed = Some(range(100.0, 1.0));
            f.versions = vec![rival("42", 500, 120)];
            f.deploy = Some(Deploy {
                minutes_before: 6,
                version: Some("42".to_owned()),
            });
        },
        "one bad version (possible): version 42 came 6 min before the start; no other version serves beside it to \
         compare",
    ),
    (
        "a deploy after the onset caused nothing",
        Symptom::Errors,
        |f| {
            f.failed = Some(range(100.0, 1.0));
            f.deploy = Some(Deploy {
                minutes_before: -3,
                version: Some("42".to_owned()),
            });
        },
        "unknown",
    ),
    (
        "a setting that was changed shortly before",
        Symptom::Latency,
        |f| {
            slow(f);
            f.changed = Some(Changed {
                minutes_before: 4,
                what: "UpdateFunctionConfiguration car-api by ada@example.com (memory 128 MB)"
                    .to_owned(),
            });
        },
        "a change just before (possible): UpdateFunctionConfiguration car-api by [e-mail] (memory 128 MB) came 4 min \
         before the start",
    ),
    (
        "a setting that was changed long before, or afterwards, caused nothing",
        Symptom::Latency,
        |f| {
            slow(f);
            f.changed = Some(Changed {
                minutes_before: 31,
                what: "PutFunctionConcurrency car-api".to_owned(),
            });
        },
        "unknown",
    ),
    (
        "other requests than usual are nobody's setting",
        Symptom::Traffic,
        |f| {
            f.changed = Some(Changed {
                minutes_before: 1,
                what: "UpdateFunctionConfiguration car-api".to_owned(),
            });
        },
        "unknown",
    ),
    (
        "traffic is lost upstream",
        Symptom::Traffic,
        |f| {
            f.direction = Direction::Low;
            f.requests = Some(range(20.0, 100.0));
            f.answered = Some(range(20.0, 99.0));
        },
        "traffic loss upstream (likely): 20 requests/min instead of 100, and those that arrive are answered as ever: \
         look in front of it",
    ),
    (
        "requests that are missing because they were refused are not lost upstream",
        Symptom::Traffic,
        |f| {
            f.direction = Direction::Low;
            f.requests = Some(range(20.0, 100.0));
            refused(f, 80.0);
            f.concurrency.reserved = Some(5.0);
        },
        "concurrency throttle by the reservation (certain): 80/min refused; peak 5 of 5 reserved",
    ),
    (
        "a drop while the rest fails may be clients who gave up",
        Symptom::Traffic,
        |f| {
            f.direction = Direction::Low;
            f.requests = Some(range(20.0, 100.0));
            f.failed = Some(range(15.0, 1.0));
        },
        "traffic loss upstream (possible): 20 requests/min instead of 100, and those that arrive fail or wait: clients \
         may have given up",
    ),
    (
        "silence is unknown and not zero",
        Symptom::Traffic,
        |f| {
            f.direction = Direction::Low;
            f.heard = 0;
            f.counted_by_aws = None;
            f.requests = Some(range(0.0, 100.0));
        },
        "silence (certain): no data of any kind for 5 min: unknown, which is not zero requests",
    ),
    (
        "silence while AWS counts invocations is a broken log path",
        Symptom::Latency,
        |f| {
            f.heard = 0;
            f.counted_by_aws = Some(480.0);
        },
        "silence (certain): no log data for 5 min while AWS counted 480 invocations: the logs do not arrive",
    ),
    (
        "a minute that was heard is not silent",
        Symptom::Traffic,
        |f| {
            f.direction = Direction::Low;
            f.heard = 1;
            f.requests = Some(range(20.0, 100.0));
        },
        "traffic loss upstream (likely)",
    ),
    (
        "latency that comes with the load",
        Symptom::Latency,
        |f| {
            slow(f);
            f.requests = Some(range(400.0, 100.0));
            f.answered = Some(range(396.0, 99.0));
            f.concurrency.peak = Some(40.0);
        },
        "load (likely): 4x the expected requests, concurrency from 5 to 40",
    ),
    (
        "more load that nobody suffers from is no cause",
        Symptom::ColdStarts,
        |f| f.requests = Some(range(400.0, 100.0)),
        "unknown",
    ),
    (
        "capacity that runs out because more is asked for",
        Symptom::Capacity,
        |f| {
            f.requests = Some(range(400.0, 100.0));
            f.concurrency.peak = Some(40.0);
        },
        "load (likely): 4x the expected requests, concurrency from 5 to 40",
    ),
    (
        "capacity that runs out because each request waits",
        Symptom::Saturation,
        |f| {
            f.mean_latency_ms = Some(range(150.0, 50.0));
            f.dependencies = vec![dependency("DynamoDbLatency", 112.0, 20.0)];
        },
        "slow dependency (likely): DynamoDbLatency takes 112 ms a request instead of 20: 92% of the rise",
    ),
];
