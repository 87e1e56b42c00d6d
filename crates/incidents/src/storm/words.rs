//! What a storm has to say, in words: every form is made of these, so no two can disagree.

use jiff::Timestamp;

use super::{Alert, Kind, Line, News, PAUSE};
use crate::Context;
use crate::message::story::{owner, runbook};
use crate::message::untrusted::{self, one_line_of, slack};
use crate::message::{addresses, chat, email, moment, number, region};

/// How many groups are told with their readings.
const LISTED: usize = 5;
/// How many more are told by name.
const NAMED: usize = 20;

/// The news, and what is known of the service that moved first.
pub(super) struct Said<'a> {
    pub(super) context: &'a Context,
    pub(super) news: &'a News,
}

/// `car-api high latency`.
pub(super) fn what(alert: &Alert) -> String {
    format!("{} {}", alert.service, alert.symptom.words(alert.direction))
}

fn groups(count: usize) -> String {
    let s = if count == 1 { "" } else { "s" };
    format!("{} group{s}", number::count(count as u64))
}

impl Said<'_> {
    pub(super) fn is_over(&self) -> bool {
        self.news.kind == Kind::Over
    }

    pub(super) fn state(&self) -> &'static str {
        if self.is_over() { "OK" } else { "ALARM" }
    }

    pub(super) fn at(&self) -> Timestamp {
        self.news.window.plus(1).start()
    }

    /// The groups that are told with their readings.
    pub(super) fn listed(&self) -> &[Line] {
        let lines = &self.news.lines;
        &lines[..lines.len().min(LISTED)]
    }

    /// One line that says it all.
    pub(super) fn headline(&self) -> String {
        let listed = self.listed().len();
        if self.is_over() || self.news.groups() <= listed {
            self.summary()
        } else {
            // What is held comes first when it has grown, and who moved first when it begins.
            let first = if self.news.kind == Kind::Begin {
                "first "
            } else {
                ""
            };
            format!("{}, {first}{listed} listed", self.summary())
        }
    }

    /// The same where nothing is listed.
    pub(super) fn summary(&self) -> String {
        let (news, environment) = (self.news, &self.news.environment);
        let groups = groups(news.groups());
        match news.kind {
            Kind::Begin => format!("[PAGE] {environment} alert storm: {groups}"),
            Kind::Grown => {
                let more: String = [(news.new_groups(), "new"), (news.held_again(), "due again")]
                    .into_iter()
                    .filter(|(count, _)| *count > 0)
                    .map(|(count, what)| format!(", {} {what}", number::count(count as u64)))
                    .collect();
                format!("[PAGE, MORE ALERTS] {environment} alert storm: {groups}{more}")
            }
            Kind::Over => format!(
                "[RESOLVED] {environment} alert storm is over after {}: {groups}{}",
                number::duration(moment::whole(news.minutes())),
                self.still_open(),
            ),
        }
    }

    pub(super) fn still_open(&self) -> String {
        match self.news.open() {
            0 => String::new(),
            open => format!(", {} still open", number::count(open as u64)),
        }
    }

    /// Where to begin.
    pub(super) fn first(&self) -> String {
        let Some(first) = self.news.first() else {
            return "First to move: unknown, no group is open any more".to_owned();
        };
        let (what, at) = (what(first), moment::short(first.onset.start()));
        if self.is_over() {
            format!("First to move: {what}, at {at}")
        } else {
            format!("Begin with {what}: first to move, at {at}")
        }
    }

    pub(super) fn first_action(&self) -> &'static str {
        match (self.is_over(), self.news.open()) {
            (false, _) => "look at that one; the others may be its echo",
            (true, 0) => "none; write down what you found while it is fresh",
            (true, _) => "look at what is still open; it asks for a page again at its repeat",
        }
    }

    pub(super) fn runbook(&self) -> Option<String> {
        runbook(self.context, self.news.first()?.symptom)
    }

    pub(super) fn owner(&self) -> String {
        owner(self.context)
    }

    /// Why they come together, and how many nobody was called for.
    pub(super) fn pages(&self) -> String {
        let alone = |line: &&Line| !line.alert.called;
        let alone = self.news.lines.iter().filter(alone).count() + self.news.beyond;
        let limit = match self.news.limit {
            // Limits were taken away while something was held.
            0 => String::new(),
            limit => format!(
                "at most {} an hour go out by themselves; ",
                number::count(limit.into())
            ),
        };
        format!("{limit}{} not paged", groups(alone))
    }

    /// How those on call heard of a group.
    pub(super) fn heard(&self, line: &Line) -> String {
        let alert = &line.alert;
        let end = alert.resolved.map_or_else(String::new, |window| {
            format!(", resolved {}", moment::short(window.plus(1).start()))
        });
        let told = match alert.paged {
            Some(paged) => format!("paged {}", moment::short(paged.plus(1).start())),
            None if alert.called => "paged before".to_owned(),
            None => "not paged".to_owned(),
        };
        let again = if line.held && alert.called {
            ", page held"
        } else {
            ""
        };
        format!("{told}{again}{end}")
    }

    /// What a storm that was told before has to say of a group now.
    fn mark(&self, line: &Line) -> &'static str {
        match (self.news.kind, line.held, line.known) {
            (Kind::Grown, true, false) => " (new)",
            (Kind::Grown, true, true) => " (due again)",
            _ => "",
        }
    }

    /// The groups beyond those that are listed: how many, then the names of those that nobody was called for, and of the others.
    pub(super) fn rest(&self) -> Vec<String> {
        let unlisted = &self.news.lines[self.listed().len()..];
        let all = unlisted.len() + self.news.beyond;
        if all == 0 {
            return Vec::new();
        }
        let mut rest = vec![format!("+{} more", number::count(all as u64))];
        for (title, called, beyond) in [("not paged", false, self.news.beyond), ("paged", true, 0)]
        {
            let fits = |line: &&Line| line.alert.called == called;
            let mut names: Vec<String> = unlisted
                .iter()
                .filter(fits)
                .map(|line| what(&line.alert))
                .collect();
            let unnamed = names.len().saturating_sub(NAMED) + beyond;
            names.truncate(NAMED);
            if unnamed > 0 {
                names.push(format!(
                    "{} without a name here",
                    number::count(unnamed as u64)
                ));
            }
            if !names.is_empty() {
                rest.push(format!("{title}: {}", names.join(", ")));
            }
        }
        rest
    }

    pub(super) fn email(&self) -> String {
        let (news, local) = (self.news, self.context.local.as_ref());
        let runbook = self.runbook().map_or_else(
            || "Runbook: not configured".to_owned(),
            |address| format!("Runbook: {address}"),
        );
        let mut lines = vec![
            self.headline(),
            self.first(),
            format!(
                "First action: {}. {runbook} (owner: {})",
                self.first_action(),
                self.owner()
            ),
            String::new(),
        ];
        for (position, line) in self.listed().iter().enumerate() {
            let since = moment::short(line.alert.onset.start());
            let (what, news) = (what(&line.alert), self.mark(line));
            lines.push(format!("{}. {what}, {since}{news}", position + 1));
            if !line.alert.reading.is_empty() {
                lines.push(format!("   {}", line.alert.reading));
            }
            lines.push(format!("   {}", self.heard(line)));
        }
        let indent = |(position, line): (usize, String)| match position {
            0 => line,
            _ => format!("   {line}"),
        };
        lines.extend(self.rest().into_iter().enumerate().map(indent));
        lines.push(String::new());
        let mut field = |name: &str, text: String| email::field(name, &[text], &mut lines);
        field("Pages", self.pages());
        field("Started", moment::full(news.since.start(), local));
        if self.is_over() {
            field("Ended", moment::full(news.until().start(), local));
        } else {
            field("Now", moment::full(self.at(), local));
            field(
                "Next",
                format!(
                    "news at most every {PAUSE} min; ends when all that were not paged have resolved"
                ),
            );
        }
        let code = one_line_of(&self.context.region);
        field(
            "Scope",
            format!(
                "{} in {} ({code}), account {}",
                news.environment,
                region::display_name(&code),
                one_line_of(&self.context.account)
            ),
        );
        for link in self.links() {
            lines.extend([String::new(), format!("{}:", link.name), link.url]);
        }
        lines.push(String::new());
        if let Some(first) = news.first().filter(|_| !self.is_over()) {
            let command = format!("outrider incidents show {}", first.incident);
            let place = email::place(self.context);
            email::field("Look", &[format!("{command}{place}")], &mut lines);
        }
        lines.push(format!(
            "id={} seq={} fp={}",
            news.id,
            news.seq,
            news.fingerprint()
        ));
        lines.join("\n") + "\n"
    }

    /// Those of the service that moved first.
    pub(super) fn links(&self) -> Vec<addresses::Link> {
        [
            addresses::dashboard(self.context),
            addresses::function(self.context),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    pub(super) fn sms(&self) -> String {
        format!("{}. {}", self.summary(), self.first())
    }

    pub(super) fn title(&self) -> String {
        let sign = match self.news.kind {
            Kind::Begin | Kind::Grown => ":rotating_light:",
            Kind::Over => ":white_check_mark:",
        };
        slack(&untrusted::cut(
            &format!("{sign} {}", self.headline()),
            chat::TITLE_CHARS,
        ))
    }

    pub(super) fn description(&self) -> String {
        let mut lines = vec![format!("*{}*", slack(&self.first()))];
        for line in self.listed() {
            let reading = match line.alert.reading.as_str() {
                "" => String::new(),
                reading => format!("; {reading}"),
            };
            let since = moment::short(line.alert.onset.start());
            lines.push(slack(&format!(
                "{since} {}{}{reading}; {}",
                what(&line.alert),
                self.mark(line),
                self.heard(line)
            )));
        }
        lines.extend(self.rest().iter().map(|rest| slack(rest)));
        lines.push(format!("*Pages*: {}", slack(&self.pages())));
        lines.push(format!("*Owner*: {}", slack(&self.owner())));
        for link in self.links() {
            lines.push(chat::address(&link.url, &link.name));
        }
        lines.join("\n")
    }
}
