//! From alarms to incidents: one for each symptom, however long it lasts.

use signals::Minute;
use simulator::fleet::Fleet;

use super::watched::Symptom;

/// One incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Incident {
    pub(super) symptom: Symptom,
    /// The minute in which it opened.
    pub(super) opened: Minute,
    /// The last minute that alarmed.
    pub(super) last: Minute,
}

/// The incidents of one function.
#[derive(Debug, Default)]
pub(super) struct Log {
    pub(super) incidents: Vec<Incident>,
    /// Tickets that wait for a second minute in a row.
    pending: Vec<(Symptom, Minute)>,
}

/// An incident that comes back within so many minutes is the same one (`incidents::Policy`, `reopen_minutes`).
const REOPENS: i64 = 30;
/// Minutes after a fault in which its end may still be told: a percentile, a profile and an environment recover.
const AFTERMATH: i64 = 60;

impl Log {
    pub(super) fn alarm(&mut self, symptom: Symptom, minute: Minute) {
        let mut same = self.incidents.iter_mut().rev();
        let open = same.find(|one| one.symptom == symptom);
        if let Some(one) = open.filter(|one| minute.since(one.last) <= REOPENS) {
            one.last = minute;
        } else if symptom.pages() || self.confirms(symptom, minute) {
            self.incidents.push(Incident {
                symptom,
                opened: minute,
                last: minute,
            });
        }
    }

    /// What wakes nobody can wait for a second minute.
    fn confirms(&mut self, symptom: Symptom, minute: Minute) -> bool {
        let before = self.pending.contains(&(symptom, minute.plus(-1)));
        self.pending
            .retain(|(other, at)| *other != symptom || *at == minute);
        self.pending.push((symptom, minute));
        before
    }
}

/// Whether nothing was the matter when the incident opened.
pub(super) fn is_false(fleet: &Fleet, place: usize, incident: &Incident) -> bool {
    let explains =
        |from: Minute, to: Minute| from <= incident.opened && incident.opened < to.plus(AFTERMATH);
    !fleet.faults.iter().any(|fault| {
        fault.kind.is_told() && fleet.shows(fault, place) && explains(fault.from, fault.to)
    })
}

/// Minutes until somebody was told, counted from the first minute that shows the fault: 1 is the end of that minute.
pub(super) fn delay(
    incidents: &[Incident],
    from: Minute,
    shown: Minute,
    to: Minute,
) -> Option<f64> {
    let told = incidents.iter().map(|one| one.opened);
    let first = told.filter(|opened| (from..to).contains(opened)).min()?;
    Some(first.since(shown).max(0) as f64 + 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_incident_is_one_however_often_it_alarms_and_a_ticket_waits_for_a_second_minute() {
        use Symptom::{Errors, TrafficHigh};
        for (name, alarms, opened) in [
            ("once", vec![(Errors, 5)], vec![5]),
            (
                "on and off",
                vec![(Errors, 5), (Errors, 35), (Errors, 65)],
                vec![5],
            ),
            (
                "back after half an hour",
                vec![(Errors, 5), (Errors, 36)],
                vec![5, 36],
            ),
            (
                "two symptoms",
                vec![(Errors, 5), (Symptom::Latency, 5)],
                vec![5, 5],
            ),
            (
                "a ticket of one minute",
                vec![(TrafficHigh, 5), (TrafficHigh, 7)],
                vec![],
            ),
            (
                "a ticket of two",
                vec![(TrafficHigh, 5), (TrafficHigh, 6)],
                vec![6],
            ),
            (
                "the same minute twice",
                vec![(TrafficHigh, 5), (TrafficHigh, 5)],
                vec![],
            ),
        ] {
            let mut log = Log::default();
            for (symptom, minute) in alarms {
                log.alarm(symptom, Minute::from_index(minute));
            }
            let found: Vec<_> = log.incidents.iter().map(|one| one.opened.index()).collect();
            assert_eq!(found, opened, "{name}");
        }
    }
}
