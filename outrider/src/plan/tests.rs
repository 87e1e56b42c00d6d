use super::*;

/// A template of one function that serves and one that watches.
const SMALL: &str = r#"
Parameters:
  Memory: { Type: Number, Default: 1536 }
  Pool: { Type: Number, Default: 100 }
  Alarmed: { Type: String, Default: "yes", AllowedValues: ["yes", "no"] }
Conditions:
  HasAlarm: !Equals [!Ref Alarmed, "yes"]
Globals:
  Function:
    Architectures: [x86_64]
Resources:
  CarApi:
    Type: AWS::Serverless::Function
    Properties:
      MemorySize: !Ref Memory
      ReservedConcurrentExecutions: !Ref Pool
  Detector:
    Type: AWS::Serverless::Function
  OneMetric:
    Type: AWS::CloudWatch::Alarm
    Condition: HasAlarm
    Properties: { MetricName: Errors }
  Ratio:
    Type: AWS::CloudWatch::Alarm
    Properties:
      Metrics:
        - { Id: rate, Expression: "errors / all" }
        - { Id: errors, MetricStat: {} }
        - { Id: all, MetricStat: {} }
"#;

fn plan(parameters: &[&str], assumed: Workload) -> anyhow::Result<Plan> {
    let parameters: Vec<_> = parameters.iter().map(|&word| word.to_owned()).collect();
    let prices = Prices::parse(prices::SHIPPED)?;
    let quotas = Quotas::parse(quotas::SHIPPED)?;
    Plan::of(SMALL, &parameters, &prices, &quotas, assumed)
}

fn line<'a>(plan: &'a Plan, item: &str) -> &'a Line {
    plan.lines
        .iter()
        .find(|line| line.item == item)
        .unwrap_or_else(|| panic!("no line {item}"))
}

/// Three million requests of 120 ms at 1,536 MB: the first worked example of AWS Lambda's pricing page (x86, US East,
/// November 2026) says 540,000 GB-s, 9.00 and 0.60 dollars before the free tier.
#[test]
fn the_time_and_the_requests_of_a_function_cost_what_aws_calculates() {
    let assumed = Workload {
        requests_per_second: 3e6 / workload::MONTH_SECONDS,
        duration_ms: 120.0,
        ..Workload::default()
    };
    let plan = plan(&[], assumed).unwrap();
    let time = line(&plan, "car-api time");
    assert!(
        (time.quantity - 540_000.0).abs() < 1e-6,
        "{}",
        time.quantity
    );
    assert!((time.usd - 9.0).abs() < 0.005, "{}", time.usd);
    assert!((line(&plan, "car-api requests").usd - 0.6).abs() < 1e-9);
}

/// One metric asked every minute of 30 days is 43,200 of them, at a cent a thousand. The account is asked each minute; a
/// function with reserved concurrency too, another every fifth.
#[test]
fn the_detector_is_billed_for_the_metrics_it_asks() {
    for (parameter, share) in [("Pool=100", 1.0), ("Pool=0", 0.2)] {
        let plan = plan(&[parameter], Workload::default()).unwrap();
        let asked = line(&plan, "metrics read");
        let expected = 4.0 * 43_200.0 * (1.0 + share);
        assert!((asked.quantity - expected).abs() < 1e-6, "{parameter}");
        assert!((asked.usd - expected * 1e-5).abs() < 1e-9, "{parameter}");
    }
}

/// The first request of each second and one in twenty of the others.
#[test]
fn traces_are_those_that_are_sampled() {
    for (rate, traces) in [(0.5, 0.5), (1.0, 1.0), (21.0, 2.0)] {
        let assumed = Workload {
            requests_per_second: rate,
            ..Workload::default()
        };
        let plan = plan(&[], assumed).unwrap();
        let a_second = line(&plan, "traces").quantity / workload::MONTH_SECONDS;
        assert!((a_second - traces).abs() < 1e-9, "{rate}: {a_second}");
    }
}

#[test]
fn alarms_are_billed_by_the_metrics_they_refer_to_and_only_when_they_are_made() {
    for (parameters, metrics) in [(vec![], 3.0), (vec!["Alarmed=no"], 2.0)] {
        let plan = plan(&parameters, Workload::default()).unwrap();
        let alarms = line(&plan, "alarms");
        assert!((alarms.quantity - metrics).abs() < 1e-9, "{parameters:?}");
    }
}

#[test]
fn twice_the_memory_is_twice_the_price_of_the_time() {
    let price = |memory: &str| {
        line(
            &plan(&[memory], Workload::default()).unwrap(),
            "car-api time",
        )
        .usd
    };
    assert!((price("Memory=2048") / price("Memory=1024") - 2.0).abs() < 1e-9);
}

#[test]
fn the_sum_is_the_sum_and_outrider_is_a_part_of_it() {
    let plan = plan(&[], Workload::default()).unwrap();
    let sum: f64 = plan.lines.iter().map(|line| line.usd).sum();
    assert!((plan.usd - sum).abs() < 1e-9);
    assert!(plan.outrider_usd > 0.0 && plan.outrider_usd < plan.usd);
    assert!(
        plan.lines
            .iter()
            .all(|line| line.usd.is_finite() && line.quantity >= 0.0)
    );
}

#[test]
fn a_limit_that_is_passed_refuses_the_plan_and_says_what_to_do() {
    let heavy = Workload {
        requests_per_second: 2_000.0,
        duration_ms: 600.0,
        ..Workload::default()
    };
    let plan = plan(&[], heavy).unwrap();
    let needed = plan.quotas.iter().find(|one| one.exceeded).unwrap();
    assert!(needed.name.contains("concurrency") && !needed.advice.is_empty());
    assert!(plan.refused());
    let mut lines = Vec::new();
    tell(&plan, &mut |line| lines.push(line.to_owned()));
    assert!(
        lines.iter().any(|line| line.contains("EXCEEDED")),
        "{lines:#?}"
    );
}

#[test]
fn a_budget_that_is_passed_refuses_the_plan() {
    let mut plan = plan(&[], Workload::default()).unwrap();
    for (budget, refused) in [
        (None, false),
        (Some(plan.usd + 0.01), false),
        (Some(plan.usd - 0.01), true),
    ] {
        plan.budget_usd = budget;
        assert_eq!(plan.refused(), refused, "{budget:?}");
    }
}

#[test]
fn assumptions_out_of_their_range_are_all_named() {
    let assumed = Workload {
        requests_per_second: -1.0,
        write_share: 2.0,
        ..Workload::default()
    };
    let error = plan(&[], assumed).unwrap_err().to_string();
    assert!(
        error.contains("--requests-per-second is -1") && error.contains("--write-share is 2"),
        "{error}"
    );
}

#[test]
fn the_project_s_own_template_names_what_the_plan_asks_for() {
    let parsed = Template::from_yaml(TEMPLATE).unwrap();
    let all = Inventory::of(&parsed, &Stack::new(&parsed, []), TEMPLATE).unwrap();
    for id in ["CarApi", "LogProcessor", "Detector"] {
        assert!(
            all.function(id)
                .is_some_and(|function| function.memory_mb >= 128.0),
            "{id}"
        );
    }
    assert!(
        all.alarms > 0
            && all.keys == 1
            && all.event_sources == 1
            && all.subscriptions > 0
            && all.apis == 1
    );
}

#[test]
fn amounts_are_readable() {
    for (value, text) in [
        (0.0, "0"),
        (1.5, "1.5"),
        (43_200.0, "43,200"),
        (1_234_567.89, "1,234,568"),
        (0.07, "0.07"),
    ] {
        assert_eq!(amount(value), text);
    }
}
