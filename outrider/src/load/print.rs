//! What people read of a run.

use super::compare::{Comparison, Verdict};
use super::report::{Latency, Report};

/// Cars that are named when they are left over; the file has all of them.
const NAMED: usize = 10;

/// Groups of three digits.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn ms(value: f64) -> String {
    match value {
        0.0..10.0 => format!("{value:.2}"),
        10.0..100.0 => format!("{value:.1}"),
        _ => format!("{value:.0}"),
    }
}

fn row(name: &str, latency: &Latency) -> String {
    let cells = [
        latency.p50,
        latency.p90,
        latency.p99,
        latency.p99_9,
        latency.max,
    ]
    .map(|value| format!("{:>9}", ms(value)));
    format!("{name:<16}{}", cells.concat())
}

/// The lines about a run.
pub(crate) fn lines(report: &Report) -> Vec<String> {
    let run = &report.run;
    let mut lines = vec![format!(
        "{} at up to {} requests/s for {} s on {}, seed {}, {} connections{}",
        run.scenario,
        run.rate,
        run.seconds,
        run.url,
        run.seed,
        run.connections,
        if report.interrupted {
            "; interrupted"
        } else {
            ""
        }
    )];
    let endings = report
        .endings
        .iter()
        .map(|(ending, count)| format!("{} {}", grouped(*count), ending.as_str()));
    let endings: Vec<_> = endings.collect();
    lines.push(format!(
        "{} planned: {}; {:.1} ok/s",
        grouped(report.planned),
        endings.join(", "),
        report.ok_per_second
    ));
    let answers: Vec<_> = report
        .answers
        .iter()
        .map(|(answer, count)| format!("{answer} × {}", grouped(*count)))
        .collect();
    lines.push(format!(
        "answers: {}; {} attempts were repetitions",
        answers.join(", "),
        grouped(report.repeats)
    ));
    if let Some(failure) = &report.first_failure {
        lines.push(format!("first failure: {failure}"));
    }
    lines.push(String::new());
    lines.push(format!(
        "{:<16}{:>9}{:>9}{:>9}{:>9}{:>9}  ms",
        "", "p50", "p90", "p99", "p99.9", "max"
    ));
    lines.push(format!(
        "{}  from when a request was due (corrected for coordinated omission)",
        row("latency", &report.latency_ms)
    ));
    lines.push(format!(
        "{}  from when an attempt was sent",
        row("service time", &report.service_ms)
    ));
    lines.push(format!(
        "{}  how late requests were sent",
        row("late", &report.late_ms)
    ));
    for (operation, part) in &report.operations {
        lines.push(format!(
            "  {operation:<14}{:>9}{:>9}{:>9}{:>9}{:>9}  {} requests, {} not ok",
            ms(part.p50),
            ms(part.p90),
            ms(part.p99),
            "",
            ms(part.max),
            grouped(part.arrivals),
            grouped(part.arrivals - part.ok)
        ));
    }
    if let [first, .., last] = report.tenths.as_slice()
        && first.arrivals > 0
    {
        lines.push(format!(
            "first to last tenth: p50 {} to {} ms, p99 {} to {} ms",
            ms(first.p50),
            ms(last.p50),
            ms(first.p99),
            ms(last.p99)
        ));
    }
    lines.push(String::new());
    let objective = &report.objective;
    lines.push(format!(
        "objective {}: {} % well within {} ms; error budget {:.1} requests, {} used",
        if objective.met { "met" } else { "MISSED" },
        objective.percent,
        objective.ms,
        objective.allowed,
        grouped(objective.used)
    ));
    lines.push(cost(&report.cost));
    if !report.left_over.is_empty() {
        let named: Vec<_> = report
            .left_over
            .iter()
            .take(NAMED)
            .map(String::as_str)
            .collect();
        lines.push(format!(
            "{} cars could not be removed: {}{}",
            report.left_over.len(),
            named.join(", "),
            if report.left_over.len() > NAMED {
                ", … (--out has all of them)"
            } else {
                ""
            }
        ));
    }
    lines
}

/// The line about the cost.
pub(crate) fn cost(bill: &super::Bill) -> String {
    let items = bill.items.iter().filter(|item| item.usd > 0.0);
    let items: Vec<_> = items
        .map(|item| format!("{} ${:.6}", item.item, item.usd))
        .collect();
    format!(
        "on AWS this costs about ${:.4} (list prices of {} in {}, {} MB): {}",
        bill.usd,
        bill.prices_as_of,
        bill.region,
        bill.assumed.memory_mb,
        items.join(", ")
    )
}

/// The lines about two runs.
pub(crate) fn comparison(found: &Comparison) -> Vec<String> {
    let mut lines = vec![
        String::new(),
        format!("{:<10}{:>10}{:>10}", "", "old", "new"),
    ];
    for row in &found.rows {
        let words = match row.verdict {
            Verdict::Same => "no more than noise",
            Verdict::Better => "better",
            Verdict::Worse => "WORSE",
            Verdict::TooFew => "no verdict: too few requests decide it",
        };
        lines.push(format!(
            "{:<10}{:>10}{:>10}  {words}",
            row.name,
            ms(row.old),
            ms(row.new)
        ));
    }
    for sentence in &found.differs {
        lines.push(format!("not the same load: {sentence}"));
    }
    lines
}
