//! `eval`: how accurate the detectors are. `make eval` prints the tables and writes docs/accuracy.md, `make eval-cv`
//! refits every constant on files that it is not scored on.

mod calibration;
mod corpora;
mod data;
mod document;
mod operations;
mod options;
mod peers;
mod progress;
mod refit;
mod run;
mod score;
mod times;
mod workers;

fn main() -> anyhow::Result<()> {
    run::run(&options::Options::parse(std::env::args().skip(1))?)
}
