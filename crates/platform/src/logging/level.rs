//! How much is logged, by configuration.

use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;

use crate::config::Reader;

/// Set by Lambda from the function's `LoggingConfig.ApplicationLogLevel`: whoever operates the function wins.
pub const AWS_LAMBDA_LOG_LEVEL: &str = "AWS_LAMBDA_LOG_LEVEL";
/// The variable of AWS Powertools, which the service's stack already sets.
pub const POWERTOOLS_LOG_LEVEL: &str = "POWERTOOLS_LOG_LEVEL";
/// The same, as most other programs call it.
pub const LOG_LEVEL: &str = "LOG_LEVEL";
/// Rust's own: one level, or `target=level` directives separated by commas.
pub const RUST_LOG: &str = "RUST_LOG";

/// The words of AWS and of Powertools.
const WORDS: [(&str, LevelFilter); 8] = [
    ("TRACE", LevelFilter::TRACE),
    ("DEBUG", LevelFilter::DEBUG),
    ("INFO", LevelFilter::INFO),
    ("WARN", LevelFilter::WARN),
    ("WARNING", LevelFilter::WARN),
    ("ERROR", LevelFilter::ERROR),
    ("FATAL", LevelFilter::ERROR),
    ("CRITICAL", LevelFilter::ERROR),
];

/// Libraries that log whole requests below WARN: at DEBUG a car's position would leave the process as text in which
/// no redaction finds it. Who wants their lines names them in `RUST_LOG`.
const LIBRARIES: [&str; 8] = [
    "aws_", "h2", "hyper", "lambda_", "reqwest", "rustls", "tokio", "tower",
];

/// Which events become lines.
#[derive(Debug, Clone)]
pub struct Level(Targets);

impl Default for Level {
    fn default() -> Self {
        Self::of(LevelFilter::INFO)
    }
}

impl Level {
    fn of(level: LevelFilter) -> Self {
        let libraries = LIBRARIES.map(|library| (library, level.min(LevelFilter::WARN)));
        Self(Targets::new().with_default(level).with_targets(libraries))
    }

    /// Directives as they are given; a library that none of them names stays at WARN.
    fn directed(targets: &Targets) -> Self {
        let default = targets.default_level().unwrap_or(LevelFilter::OFF);
        let Self(capped) = Self::of(default);
        Self(
            capped.with_targets(
                targets
                    .iter()
                    .map(|(target, level)| (target.to_owned(), level)),
            ),
        )
    }

    /// A level by its word, in any case: TRACE, DEBUG, INFO, WARN, ERROR or FATAL.
    #[must_use]
    pub fn named(word: &str) -> Option<Self> {
        WORDS
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(word))
            .map(|(_, level)| Self::of(*level))
    }

    /// The level by [`AWS_LAMBDA_LOG_LEVEL`], else [`POWERTOOLS_LOG_LEVEL`], else [`LOG_LEVEL`], else [`RUST_LOG`],
    /// else INFO. A word that means nothing is remembered as a problem.
    pub fn read(reader: &mut Reader<'_>) -> Self {
        for key in [AWS_LAMBDA_LOG_LEVEL, POWERTOOLS_LOG_LEVEL, LOG_LEVEL] {
            let Some(word) = reader.optional(key) else {
                continue;
            };
            return Self::named(&word).unwrap_or_else(|| {
                reader.problem(format!(
                    "{key} is {word:?}: write one of TRACE, DEBUG, INFO, WARN, ERROR, FATAL"
                ));
                Self::default()
            });
        }
        let Some(directives) = reader.optional(RUST_LOG) else {
            return Self::default();
        };
        if let Some(level) = Self::named(&directives) {
            return level;
        }
        match directives.parse::<Targets>() {
            Ok(targets) => Self::directed(&targets),
            Err(error) => {
                reader.problem(format!(
                    "{RUST_LOG} is {directives:?}, which is no list like info,hyper=warn: {error}"
                ));
                Self::default()
            }
        }
    }

    pub(super) fn targets(&self) -> Targets {
        self.0.clone()
    }

    /// Whether an event of `target` at `level` becomes a line.
    #[must_use]
    pub fn enables(&self, target: &str, level: tracing::Level) -> bool {
        self.0.would_enable(target, &level)
    }
}
