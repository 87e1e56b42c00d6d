//! What people receive over four weeks, as tables.

use super::tables::table;
use crate::operations::{Case, ENOUGH, Received, percentile};

/// Median, 95 % and worst.
fn spread(messages: &[usize]) -> [String; 3] {
    [50, 95, 100].map(|percent| percentile(messages, percent).to_string())
}

/// Every kind of fault, the faults nobody heard of, the courses of too many messages, and what was said for nothing.
pub(crate) fn table_of(received: &Received) -> String {
    let row = |name: &str, case: &Case| {
        let mut cells = vec![
            name.to_owned(),
            case.size.to_owned(),
            case.faults.to_string(),
        ];
        let unnoticed = if case.told {
            case.unnoticed.to_string()
        } else {
            "nobody is to be told".to_owned()
        };
        cells.extend([unnoticed, case.paged_twice.to_string()]);
        cells.extend(spread(&case.messages));
        cells.extend([over(&case.messages).to_string(), case.repeats.to_string()]);
        cells
    };
    let cases = received.cases.iter();
    let mut rows: Vec<_> = cases.map(|(name, case)| row(name, case)).collect();
    let told = || received.cases.values().filter(|case| case.told);
    let all = Case {
        told: true,
        faults: told().map(|case| case.faults).sum(),
        unnoticed: received.unnoticed.len(),
        paged_twice: received.paged_twice(),
        messages: received.messages(),
        repeats: told().map(|case| case.repeats).sum(),
        ..Case::default()
    };
    rows.push(row("all that are to be told", &all));
    let head = [
        "fault",
        "size",
        "faults",
        "unnoticed",
        "groups paged twice",
        "messages: median",
        "95 %",
        "worst",
        "faults with more than 2",
        "repeats",
    ];
    table(&head, &rows) + &unnoticed(received) + &courses(received) + &noise(received)
}

fn over(messages: &[usize]) -> usize {
    messages.len() - messages.partition_point(|count| *count <= ENOUGH)
}

fn unnoticed(received: &Received) -> String {
    if received.unnoticed.is_empty() {
        return "\nNo fault went unnoticed.\n".to_owned();
    }
    format!("\nUnnoticed: {}.\n", received.unnoticed.join("; "))
}

fn courses(received: &Received) -> String {
    let mut rows: Vec<(usize, &str, &str)> = Vec::new();
    for (name, case) in received.cases.iter().filter(|(_, case)| case.told) {
        rows.extend(
            case.courses
                .iter()
                .map(|(course, count)| (*count, *name, course.as_str())),
        );
    }
    if rows.is_empty() {
        return "\nNo fault had more than two messages.\n".to_owned();
    }
    rows.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(b.1)).then(a.2.cmp(b.2)));
    let rows: Vec<_> = rows
        .into_iter()
        .map(|(count, name, course)| vec![name.to_owned(), course.to_owned(), count.to_string()])
        .collect();
    format!(
        "\n{}",
        table(&["fault", "more than two messages", "faults"], &rows)
    )
}

fn noise(received: &Received) -> String {
    let rate = |count: usize| format!("{:.3}", count as f64 / received.weeks);
    let by: Vec<_> = received
        .for_nothing
        .iter()
        .map(|(symptom, count)| format!("{symptom} {count}"))
        .collect();
    let all = received.pages + received.tickets + received.chats;
    let rows = [
        (
            "services, service-weeks",
            format!("{}, {:.0}", received.services, received.weeks),
            String::new(),
        ),
        ("messages about nothing", all.to_string(), rate(all)),
        (
            "on the page topic and the chat",
            received.pages.to_string(),
            rate(received.pages),
        ),
        (
            "on the ticket topic and the chat",
            received.tickets.to_string(),
            rate(received.tickets),
        ),
        (
            "on the chat alone",
            received.chats.to_string(),
            rate(received.chats),
        ),
        (
            "incidents they are of, by symptom",
            by.join(", "),
            String::new(),
        ),
        (
            "messages of alert storms",
            received.storms.to_string(),
            String::new(),
        ),
    ];
    let rows: Vec<_> = rows
        .into_iter()
        .map(|(name, value, rate)| vec![name.to_owned(), value, rate])
        .collect();
    format!(
        "\n{}",
        table(&["over all weeks", "", "a service-week"], &rows)
    )
}
