//! What a drill came to, stage by stage.

use serde::Serialize;
use signals::Minute;

use crate::cli::one_line;

/// One step on the way of a test incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Stage {
    /// Log lines handed to log-processor.
    Lines,
    /// What they say is in the store.
    Rollups,
    /// The detector opened an incident.
    Incident,
    /// Its messages are in the inbox.
    Messages,
    /// It is over, and that was told too.
    Resolved,
}

impl Stage {
    fn as_str(self) -> &'static str {
        match self {
            Self::Lines => "lines",
            Self::Rollups => "rollups",
            Self::Incident => "incident",
            Self::Messages => "messages",
            Self::Resolved => "resolved",
        }
    }

    /// Which runbooks speak of what can be wrong there.
    fn look_at(self) -> &'static str {
        match self {
            Self::Lines => "docs/runbooks/dead-letters.md and docs/runbooks/pipeline.md",
            Self::Rollups | Self::Incident => "docs/runbooks/pipeline.md",
            Self::Messages | Self::Resolved => {
                "docs/runbooks/pipeline.md#messages-not-delivered and docs/runbooks/drill.md"
            }
        }
    }
}

/// A stage that was reached.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Reached {
    pub(super) stage: Stage,
    /// The drill's own time.
    pub(super) at: String,
    /// What was found there.
    pub(super) found: String,
}

/// The stage that was not.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Failed {
    pub(super) stage: Stage,
    pub(super) at: String,
    pub(super) why: String,
    look_at: &'static str,
}

/// A message that arrived.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Message {
    /// The topic's ARN.
    pub(super) topic: String,
    /// Empty where the topic has none: chat.
    pub(super) subject: String,
    /// The file in the inbox.
    pub(super) file: String,
}

/// The whole drill.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Report {
    /// Whether every stage was reached.
    arrived: bool,
    /// The incident; `None`: none was opened.
    pub(super) incident: Option<String>,
    /// In order.
    pub(super) stages: Vec<Reached>,
    pub(super) failed: Option<Failed>,
    /// Every message of the drill, in the order of arrival.
    pub(super) messages: Vec<Message>,
}

impl Report {
    pub(super) fn new() -> Self {
        Self {
            arrived: true,
            incident: None,
            stages: Vec::new(),
            failed: None,
            messages: Vec::new(),
        }
    }

    /// Whether everything arrived.
    pub(super) fn arrived(&self) -> bool {
        self.arrived
    }

    pub(super) fn reach(&mut self, stage: Stage, at: Minute, found: String) {
        self.stages.push(Reached {
            stage,
            at: at.to_string(),
            found,
        });
    }

    pub(super) fn fail(&mut self, stage: Stage, at: Minute, why: String) {
        self.arrived = false;
        self.failed = Some(Failed {
            stage,
            at: at.to_string(),
            why,
            look_at: stage.look_at(),
        });
    }

    /// The report in lines for people.
    pub(super) fn tell(&self, say: &mut dyn FnMut(&str)) {
        for reached in &self.stages {
            let (at, stage) = (&reached.at, reached.stage.as_str());
            say(&one_line(&format!("{at}  {stage:<8}  {}", reached.found)));
        }
        match &self.failed {
            Some(failed) => {
                let (at, stage) = (&failed.at, failed.stage.as_str());
                say(&one_line(&format!(
                    "{at}  {stage:<8}  FAILED: {}",
                    failed.why
                )));
                say(&format!("look at {}", failed.look_at));
            }
            None => say("the whole chain works: log lines, rollups, incident, messages, end"),
        }
    }
}
