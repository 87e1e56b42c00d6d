//! Scenarios on the whole system, and the rules that its source keeps.

// `cfg(test)` is always true here; it tells clippy that what the tests call may unwrap too.
#[cfg(test)]
mod acknowledge;
#[cfg(test)]
mod architecture;
#[cfg(test)]
mod commands;
#[cfg(test)]
mod corpora;
#[cfg(test)]
mod demo;
#[cfg(test)]
mod deploy;
#[cfg(test)]
mod dist;
#[cfg(test)]
mod emulator;
#[cfg(test)]
mod ingest;
#[cfg(test)]
mod load;
#[cfg(test)]
mod responder;
#[cfg(test)]
mod runtime;
#[cfg(test)]
mod simulate;
