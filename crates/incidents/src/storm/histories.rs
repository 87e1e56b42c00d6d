//! Any history against a naive model: all pages in a list, all that is held in another.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::tests::group;
use super::*;

const GROUPS: usize = 12;
const WINDOWS: i64 = 200;

/// What the world knows of a group.
#[derive(Debug, Clone, Default)]
struct Known {
    /// Its open incident and the number of its last message.
    open: Option<(IncidentId, u32)>,
    /// Whether that incident had a page of its own.
    called: bool,
    /// The window in which a page was held that nobody heard of yet, and whether the hour was full.
    held: Option<(i64, bool)>,
}

#[derive(Debug, Clone)]
struct Event {
    window: i64,
    group: usize,
    resolves: bool,
    /// Writes that are lost, so that the question is put again.
    lost: bool,
}

struct World {
    storm: Storm,
    limits: Limits,
    groups: Vec<Known>,
    pages: Vec<(usize, i64)>,
    /// The storm that is on: name, last number, window of the last message.
    on: Option<(IncidentId, u32, i64)>,
}

impl World {
    fn ask(&mut self, event: &Event) -> Result<(), TestCaseError> {
        let (window, about) = (event.window, group(&format!("service-{}", event.group)));
        let known = self.groups[event.group].clone();
        let minted = || IncidentId::mint(&about.fingerprint(), Minute::from_index(window));
        let (incident, seq) = known
            .open
            .clone()
            .map_or_else(|| (minted(), 1), |(id, seq)| (id, seq + 1));
        let asked = Asked {
            urgent: false,
            incident: &incident,
            seq,
            group: &about,
            onset: Minute::from_index(window - 3),
            window: Minute::from_index(window),
            reading: String::new(),
        };
        let before = self.storm.clone();
        let answer = self.storm.ask(&asked, &self.limits);
        if event.lost {
            let mut again = before;
            prop_assert_eq!(again.ask(&asked, &self.limits), answer);
            prop_assert_eq!(&again, &self.storm);
        }
        let mut twice = self.storm.clone();
        prop_assert_eq!(twice.ask(&asked, &self.limits), answer);
        prop_assert_eq!(&twice, &self.storm, "a repeated question changes nothing");

        let limit = self.limits.pages_per_hour as usize;
        let full = self.pages.iter().filter(|(_, at)| window - at < 60).count() >= limit;
        let soon = self.pages.iter().any(|(group, at)| {
            *group == event.group && window - at < i64::from(self.limits.group_minutes)
        });
        let expected = if limit == 0 || !full && !soon {
            Answer::Page
        } else {
            Answer::Hold
        };
        prop_assert_eq!(answer, expected);
        let known = &mut self.groups[event.group];
        known.open = Some((incident, seq));
        if answer == Answer::Page {
            self.pages.push((event.group, window));
            (known.called, known.held) = (true, None);
        } else {
            known.held = known.held.or(Some((window, full)));
        }
        Ok(())
    }

    fn resolve(&mut self, group_at: usize, window: i64) -> Result<(), TestCaseError> {
        let about = group(&format!("service-{group_at}")).fingerprint();
        let known = std::mem::take(&mut self.groups[group_at]);
        let Some((incident, _)) = known.open else {
            return Ok(());
        };
        let window = Minute::from_index(window);
        let answer = self.storm.resolved(&about, &incident, window);
        let before = self.storm.clone();
        prop_assert_eq!(self.storm.resolved(&about, &incident, window), answer);
        prop_assert_eq!(&self.storm, &before);
        let expected = if known.called {
            Answer::Page
        } else {
            Answer::Hold
        };
        prop_assert_eq!(answer, expected);
        Ok(())
    }

    fn end_window(&mut self, window: i64, lost: bool) -> Result<(), TestCaseError> {
        let at = Minute::from_index(window);
        let before = self.storm.clone();
        let news = self.storm.due(at, &self.limits);
        if lost {
            let mut again = before;
            prop_assert_eq!(&again.due(at, &self.limits), &news);
            prop_assert_eq!(&again, &self.storm);
        }
        let after = self.storm.clone();
        prop_assert_eq!(self.storm.due(at, &self.limits), None, "it is said once");
        prop_assert_eq!(&after, &self.storm);
        if let Some(news) = &news {
            self.hear(news, window)?;
        }
        for known in &self.groups {
            let Some((since, full)) = known.held else {
                continue;
            };
            prop_assert!(window - since < 10, "told too late");
            prop_assert!(self.on.is_some() || !full, "a full hour cannot wait");
        }
        Ok(())
    }

    fn hear(&mut self, news: &News, window: i64) -> Result<(), TestCaseError> {
        match &self.on {
            None => prop_assert_eq!((news.kind, news.seq), (Kind::Begin, 1)),
            Some((id, seq, told)) => {
                prop_assert_eq!((&news.id, news.seq), (id, seq + 1));
                prop_assert!(news.kind != Kind::Begin);
                prop_assert!(news.kind == Kind::Over || window - told >= 10);
            }
        }
        self.on = (news.kind != Kind::Over).then(|| (news.id.clone(), news.seq, window));
        for line in &news.lines {
            let position = (0..GROUPS).find(|at| line.alert.service == format!("service-{at}"));
            let known = &mut self.groups[position.unwrap()];
            if line.held {
                let (open, _) = known.open.as_ref().unwrap();
                prop_assert_eq!(open, &line.alert.incident);
                prop_assert!(known.held.take().is_some(), "it was held");
            }
        }
        for publication in render_storm(&crate::message::example::context(), news) {
            let id = format!("{}-{}-{}", news.id, news.seq, publication.topic.as_str());
            prop_assert_eq!(publication.id, id);
        }
        Ok(())
    }
}

fn event() -> impl Strategy<Value = Event> {
    // Squared, so that many happen together.
    (0..15_i64, 0..GROUPS, any::<bool>(), any::<bool>()).prop_map(
        |(root, group, resolves, lost)| Event {
            window: root * root,
            group,
            resolves,
            lost,
        },
    )
}

proptest! {
    #[test]
    fn no_page_too_many_goes_out_and_none_is_lost(
        mut events in prop::collection::vec(event(), 0..120),
        pages_per_hour in prop::sample::select(vec![0_u32, 1, 2, 6]),
        group_minutes in prop::sample::select(vec![0_u32, 5, 10, 30]),
    ) {
        // A group is decided once a window.
        events.sort_by_key(|event| (event.window, event.group));
        events.dedup_by_key(|event| (event.window, event.group));
        let mut world = World {
            storm: Storm::new("prod"),
            limits: Limits { pages_per_hour, group_minutes },
            groups: vec![Known::default(); GROUPS],
            pages: Vec::new(),
            on: None,
        };
        let mut by_window: BTreeMap<i64, Vec<Event>> = BTreeMap::new();
        for event in events {
            by_window.entry(event.window).or_default().push(event);
        }
        for window in 0..WINDOWS {
            let events = by_window.remove(&window).unwrap_or_default();
            for event in &events {
                if event.resolves {
                    world.resolve(event.group, window)?;
                } else {
                    world.ask(event)?;
                }
            }
            world.end_window(window, events.iter().any(|event| event.lost))?;
            if !events.is_empty() {
                let stored = Storm::from_json(&world.storm.to_json()).unwrap();
                prop_assert_eq!(&stored, &world.storm);
            }
        }
        for group in 0..GROUPS {
            world.resolve(group, WINDOWS)?;
        }
        for window in WINDOWS..WINDOWS + 11 {
            world.end_window(window, false)?;
        }
        prop_assert_eq!(&world.on, &None, "a storm ends");
        for (_, first) in &world.pages {
            let hour = world.pages.iter().filter(|(_, at)| (*first..first + 60).contains(at)).count();
            prop_assert!(pages_per_hour == 0 || hour <= pages_per_hour as usize);
        }
    }
}
