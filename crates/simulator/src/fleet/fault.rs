//! What happens to a function, when, how much, and which signal shows it.

use signals::Minute;

macro_rules! kinds {
    ($($(#[$doc:meta])* $variant:ident = $text:literal, $signal:ident, $tells:literal;)*) => {
        /// A kind of fault.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Kind { $($(#[$doc])* $variant),* }

        impl Kind {
            /// Every one of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The spelling in truth files.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),* }
            }

            /// The signal that shows it first.
            #[must_use]
            pub fn signal(self) -> Signal {
                match self { $(Self::$variant => Signal::$signal),* }
            }

            /// Whether somebody has to be told. Data that come late are no fault of the service, and whether a gap is
            /// one cannot be known from the data.
            #[must_use]
            pub fn is_told(self) -> bool {
                match self { $(Self::$variant => $tells),* }
            }
        }
    };
}

kinds! {
    /// Errors × size.
    ErrorRate = "error_rate", Errors, true;
    /// A share of the requests is slow, so that the 99th percentile × size, and the median hardly moves.
    TailLatency = "tail_latency", P99, true;
    /// All durations × size.
    Latency = "latency", P50, true;
    /// A share of the invocations hangs until the timeout.
    TimeoutWall = "timeout_wall", Timeouts, true;
    /// Reserved concurrency is lowered to size: below what the function needs.
    ReservedThrottle = "reserved_throttle", Throttles, true;
    /// The function's traffic × size uses up the account's concurrency: every function without a reservation is
    /// throttled.
    AccountThrottle = "account_throttle", Throttles, true;
    /// Environments do not live: a share of the invocations is a cold start.
    ColdStorm = "cold_storm", ColdStarts, true;
    /// A new version takes all traffic, and its durations are × size.
    DeployLatency = "deploy_latency", P50, true;
    /// A new version takes all traffic, and its errors are × size.
    DeployErrors = "deploy_errors", Errors, true;
    /// Traffic × size.
    TrafficUp = "traffic_up", Invocations, true;
    /// No traffic at all.
    TrafficStop = "traffic_stop", Invocations, true;
    /// Nothing is heard of the function any more, neither logs nor metrics.
    Silence = "silence", Invocations, true;
    /// Minutes without any data, while the function works on.
    MissingData = "missing_data", Invocations, false;
    /// Data come so many minutes late (size), and are whole.
    LateData = "late_data", Invocations, false;
    /// A share of the attempts fails, and clients make size attempts of each request: requests rise, distinct
    /// correlation ids do not.
    RetryStorm = "retry_storm", Errors, true;
    /// Memory fills up during the first third; then a share of the invocations runs out of it.
    MemoryPressure = "memory_pressure", OutOfMemory, true;
    /// A share of the requests, those that call a dependency, takes × size.
    SlowDependency = "slow_dependency", P90, true;
    /// The errors of one route × size.
    BadRoute = "bad_route", Errors, true;
    /// A new version takes a share of the traffic, and its errors are × size.
    BadVersion = "bad_version", Errors, true;
    /// Durations rise in a straight line from × 1 to × size.
    Creep = "creep", P50, true;
}

macro_rules! signals_of_a_minute {
    ($($(#[$doc:meta])* $variant:ident = $text:literal),* $(,)?) => {
        /// A signal of a function.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Signal { $($(#[$doc])* $variant),* }

        impl Signal {
            /// Every one of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The spelling in file names and truth files.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),* }
            }
        }
    };
}

signals_of_a_minute! {
    /// Invocations that ran.
    Invocations = "invocations",
    /// Invocations that failed, timeouts and those out of memory included.
    Errors = "errors",
    /// Invocations refused for lack of concurrency.
    Throttles = "throttles",
    /// Median duration, milliseconds.
    P50 = "duration_p50",
    /// 90th percentile of the duration, milliseconds.
    P90 = "duration_p90",
    /// 99th percentile of the duration, milliseconds.
    P99 = "duration_p99",
    /// Invocations that waited for a new environment.
    ColdStarts = "cold_starts",
    /// 95th percentile of the init phase of these, milliseconds.
    InitP95 = "init_p95",
    /// Invocations that ran into the timeout.
    Timeouts = "timeouts",
    /// Invocations that ran out of memory.
    OutOfMemory = "out_of_memory",
    /// Largest peak memory, megabytes.
    Memory = "memory_max",
    /// Environments busy at the same time, at most.
    Concurrency = "concurrency_max",
    /// Invocations a second × mean duration: Little's law.
    ConcurrencyEstimated = "concurrency_estimated",
}

impl Kind {
    /// Whether the fault moves this signal of a function that it hits: an alarm on it is no false one.
    #[must_use]
    pub fn moves(self, signal: Signal) -> bool {
        use Signal as S;
        match self {
            Self::ErrorRate | Self::DeployErrors | Self::BadRoute | Self::BadVersion => {
                signal == S::Errors
            }
            Self::TailLatency => signal == S::P99,
            Self::Latency | Self::DeployLatency | Self::Creep => {
                matches!(signal, S::P50 | S::P90 | S::P99 | S::ConcurrencyEstimated)
            }
            Self::SlowDependency => {
                matches!(signal, S::P50 | S::P90 | S::P99 | S::ConcurrencyEstimated)
            }
            Self::TimeoutWall => matches!(
                signal,
                S::Timeouts
                    | S::Errors
                    | S::P90
                    | S::P99
                    | S::Concurrency
                    | S::ConcurrencyEstimated
            ),
            Self::ReservedThrottle => {
                matches!(signal, S::Throttles | S::Invocations | S::Concurrency)
            }
            Self::AccountThrottle | Self::TrafficUp => matches!(
                signal,
                S::Throttles
                    | S::Invocations
                    | S::Concurrency
                    | S::ConcurrencyEstimated
                    | S::ColdStarts
            ),
            Self::ColdStorm => signal == S::ColdStarts,
            Self::TrafficStop | Self::Silence => signal == S::Invocations,
            Self::MissingData | Self::LateData => false,
            Self::RetryStorm => matches!(
                signal,
                S::Errors | S::Invocations | S::Concurrency | S::ConcurrencyEstimated
            ),
            Self::MemoryPressure => matches!(signal, S::OutOfMemory | S::Errors | S::Memory),
        }
    }
}

/// One fault: what a detector should find.
#[derive(Debug, Clone, PartialEq)]
pub struct Fault {
    /// Which function, by its place in the fleet.
    pub function: usize,
    /// What happens.
    pub kind: Kind,
    /// Its first minute.
    pub from: Minute,
    /// The first minute after it.
    pub to: Minute,
    /// How much: see [`Kind`].
    pub size: f64,
    /// Share of the requests that are hit, 0 to 1: 1 where the kind does not speak of a share.
    pub share: f64,
    /// The route that is bad, by its place in the function.
    pub route: Option<usize>,
    /// The version that is bad.
    pub version: Option<u32>,
    /// For [`Kind::TailLatency`]: how much longer the slow requests take, so that the percentile comes out.
    pub(super) slow: f64,
}

impl Fault {
    /// A fault that hits everything.
    #[must_use]
    pub fn new(function: usize, kind: Kind, from: Minute, minutes: i64, size: f64) -> Self {
        Self {
            function,
            kind,
            from,
            to: from.plus(minutes),
            size,
            share: 1.0,
            route: None,
            version: None,
            slow: 1.0,
        }
    }

    /// Does it act in this minute?
    #[must_use]
    pub fn covers(&self, minute: Minute) -> bool {
        self.from <= minute && minute < self.to
    }

    /// The first minute in which its signal shows it: memory has to fill up before anything runs out of it.
    #[must_use]
    pub fn shown_from(&self) -> Minute {
        match self.kind {
            Kind::MemoryPressure => self.from.plus(self.to.since(self.from) / 3),
            _ => self.from,
        }
    }
}
