//! What a minute of a function is drawn from: its habits, changed by what is deployed and by the faults that act.

use signals::Minute;

use super::fault::{Fault, Kind};
use super::function::Function;
use super::latency::{Class, Mixture};

/// Where the data of a minute are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrival {
    /// With the minutes around it.
    OnTime,
    /// So many minutes later than usual, and whole.
    Late(u32),
    /// Never.
    Lost,
}

/// The parameters of a minute.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Regime {
    pub(crate) traffic: f64,
    /// Attempts of each request.
    pub(crate) attempts: f64,
    pub(crate) errors: f64,
    /// Share of the attempts that fail whatever the usual rate is.
    pub(crate) failing: f64,
    pub(crate) route_errors: (u8, f64),
    pub(crate) newer_errors: f64,
    pub(crate) newer_share: f64,
    newer_latency: f64,
    pub(crate) newer: u32,
    pub(crate) version: u32,
    latency: f64,
    slow: (f64, f64),
    hang: f64,
    pub(crate) cold: f64,
    /// Share of the environments that are new in this minute because something was deployed.
    pub(crate) replaced: f64,
    pub(crate) reserved: Option<u32>,
    /// How full the memory is that is usually free, 0 to 1.
    pub(crate) filled: f64,
    pub(crate) out_of_memory: f64,
    pub(crate) arrival: Arrival,
    /// Neither logs nor metrics.
    pub(crate) silent: bool,
}

impl Regime {
    pub(crate) fn of(function: &Function, faults: &[&Fault], minute: Minute) -> Self {
        let (version, factor) = function.deployed(minute);
        let deployed = function.deploys.iter().any(|deploy| deploy.at == minute);
        let mut now = Self {
            traffic: 1.0,
            attempts: 1.0,
            errors: 1.0,
            failing: 0.0,
            route_errors: (0, 1.0),
            newer_errors: 1.0,
            newer_share: 0.0,
            newer_latency: 1.0,
            newer: version,
            version,
            latency: factor,
            slow: (0.0, 1.0),
            hang: 0.0,
            cold: 0.0,
            replaced: f64::from(u8::from(deployed)),
            reserved: function.reserved,
            filled: 0.0,
            out_of_memory: 0.0,
            arrival: Arrival::OnTime,
            silent: false,
        };
        for fault in faults {
            if fault.covers(minute) {
                now.change(fault, minute);
            } else if fault.to == minute && fault.version.is_some() {
                // Back to the version before: its environments are gone.
                now.replaced = now.replaced.max(fault.share);
            }
        }
        now
    }

    fn change(&mut self, fault: &Fault, minute: Minute) {
        let length = fault.to.since(fault.from).max(1) as f64;
        let elapsed = (minute.since(fault.from) + 1) as f64 / length;
        if let Some(version) = fault.version {
            self.newer = version;
            self.newer_share = fault.share;
            if fault.from == minute {
                self.replaced = self.replaced.max(fault.share);
            }
        }
        match fault.kind {
            Kind::ErrorRate => self.errors *= fault.size,
            Kind::TailLatency => self.slow = (fault.share, fault.slow),
            Kind::Latency => self.latency *= fault.size,
            Kind::TimeoutWall => self.hang = fault.share,
            Kind::ReservedThrottle => self.reserved = Some(fault.size as u32),
            Kind::AccountThrottle | Kind::TrafficUp => self.traffic *= fault.size,
            Kind::ColdStorm => self.cold = fault.share,
            Kind::DeployLatency => self.newer_latency = fault.size,
            Kind::DeployErrors | Kind::BadVersion => self.newer_errors = fault.size,
            Kind::TrafficStop => self.traffic = 0.0,
            Kind::Silence => {
                self.arrival = Arrival::Lost;
                self.silent = true;
            }
            Kind::MissingData => self.arrival = Arrival::Lost,
            Kind::LateData => self.arrival = Arrival::Late(fault.size as u32),
            Kind::RetryStorm => {
                self.attempts = fault.size;
                self.failing = fault.share;
            }
            Kind::MemoryPressure => {
                self.filled = (3.0 * elapsed).min(1.0);
                if elapsed > 1.0 / 3.0 {
                    self.out_of_memory = fault.share;
                }
            }
            Kind::SlowDependency => self.slow = (fault.share, fault.size),
            Kind::BadRoute => {
                let route = fault.route.and_then(|route| u8::try_from(route).ok());
                self.route_errors = (route.unwrap_or(0), fault.size);
            }
            Kind::Creep => self.latency *= 1.0 + (fault.size - 1.0) * elapsed,
        }
    }

    /// How much likelier than usual a request of this class fails.
    pub(crate) fn error_factor(&self, class: Class) -> f64 {
        let route = if class.route == self.route_errors.0 {
            self.route_errors.1
        } else {
            1.0
        };
        route * if class.newer { self.newer_errors } else { 1.0 }
    }

    /// Share of the attempts that fail when the usual rate is `usual`.
    pub(crate) fn error_rate(&self, function: &Function, usual: f64) -> f64 {
        let route = function
            .routes
            .get(usize::from(self.route_errors.0))
            .map_or(0.0, |route| route.share);
        let factor = self.errors
            * (1.0 + route * (self.route_errors.1 - 1.0))
            * (1.0 + self.newer_share * (self.newer_errors - 1.0));
        let rate = usual * factor;
        (self.failing + (1.0 - self.failing) * rate).clamp(0.0, 0.98)
    }

    /// The durations when the level of the latency is × `level`.
    pub(crate) fn durations(&self, function: &Function, level: f64) -> Mixture {
        let scale = function.median_ms * self.latency * level;
        let (tail, start, power) = function.tail;
        let mut mixture = Mixture::with_tail(tail, scale * start, power);
        let kept = 1.0 - self.hang;
        for (at, route) in (0_u8..).zip(&function.routes) {
            for (newer, version_share, version_factor) in [
                (false, 1.0 - self.newer_share, 1.0),
                (true, self.newer_share, self.newer_latency),
            ] {
                for (share, factor) in [(1.0 - self.slow.0, 1.0), (self.slow.0, self.slow.1)] {
                    let class = Class { route: at, newer };
                    let weight = kept * route.share * version_share * share;
                    let mu = (scale * route.factor * version_factor * factor).ln();
                    mixture.add(class, weight, mu, function.sigma);
                }
            }
        }
        let class = Class {
            route: 0,
            newer: false,
        };
        mixture.add(class, self.hang, function.timeout_ms.ln() + 2.0, 0.1);
        mixture
    }
}
