//! The records of every group that is watched, as a run goes on with them: read together, because a call for each would grow
//! with the number of services.

use std::collections::BTreeMap;

use incidents::{Fingerprint, Group, IncidentId, Record, Storm};

use crate::watch::Watch;
use crate::{Deps, Error, groups};

/// Under which name the pages of the environment are kept; no fingerprint can have it.
pub(crate) const STORM: &str = "storm";

/// What is stored of each group, and of the pages of all of them.
#[derive(Debug)]
pub(crate) struct Records {
    /// By fingerprint; a group that was never stored has none.
    groups: BTreeMap<String, Record>,
    /// The pages as they are stored; `None`: this build cannot read them, and every page goes out by itself.
    pub(crate) storm: Option<Storm>,
}

impl Records {
    /// Reads the records of every group of every service.
    pub(crate) async fn read(deps: &Deps) -> Result<Self, Error> {
        let mut names = names(&deps.watch)?;
        names.push(STORM.to_owned());
        let mut storm = storm_of(deps, None);
        let mut groups = BTreeMap::new();
        for item in deps.state.alerts(&names).await? {
            if item.fingerprint == STORM {
                storm = storm_of(deps, Some(&item.body));
            } else {
                groups.insert(item.fingerprint, Record::from_json(&item.body)?);
            }
        }
        Ok(Self { groups, storm })
    }

    /// What is stored of a group, or a new record.
    pub(crate) fn of(&self, group: &Group) -> Record {
        let fingerprint = group.fingerprint();
        self.groups
            .get(fingerprint.as_str())
            .cloned()
            .unwrap_or_else(|| Record::new(group.clone()))
    }

    /// Whether an incident of a group is open.
    pub(crate) fn is_open(&self, group: &Fingerprint, incident: &IncidentId) -> bool {
        let record = self.groups.get(group.as_str());
        let of = record.filter(|record| record.is_open());
        of.and_then(|record| record.incident.as_ref())
            .is_some_and(|open| open.id == *incident)
    }

    /// Goes on with what was stored.
    pub(crate) fn put(&mut self, record: Record) {
        self.groups.insert(record.fingerprint.to_string(), record);
    }
}

/// The pages of the environment from what is stored. What cannot be read must not keep anybody asleep.
pub(crate) fn storm_of(deps: &Deps, stored: Option<&str>) -> Option<Storm> {
    let Some(body) = stored else {
        return Some(Storm::new(&deps.watch.environment));
    };
    Storm::from_json(body)
        .inspect_err(
            |error| tracing::error!(%error, "pages are not rolled up until this item is repaired"),
        )
        .ok()
}

fn names(watch: &Watch) -> Result<Vec<String>, Error> {
    let mut names = Vec::new();
    for service in watch.watched() {
        for kind in groups::kinds(service) {
            let group = groups::group(watch, service, *kind)?;
            names.push(group.fingerprint().to_string());
        }
    }
    // A service may be watched by several log groups of the same name: its key is asked for once.
    names.sort_unstable();
    names.dedup();
    Ok(names)
}
