//! `bench --dist FOLDER --bare FOLDER [--json]`: the ratios and times of `make bench`, one `name value unit` a line.
//!
//! Every figure is the best of five rounds: noise only ever adds time, so the best round is the one that says most
//! about the code. What is compared is measured in the same run on the same machine.

mod cold_start;
mod figures;
mod judging;
mod load;
mod requests;
mod telemetry;
mod world;

use figures::Figures;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut figures = Figures::from_args(std::env::args().skip(1))?;
    judging::emf(&mut figures);
    judging::models(&mut figures);
    judging::incidents(&mut figures)?;
    cold_start::all(&mut figures).await?;
    telemetry::overhead(&mut figures).await?;
    load::open_loop(&mut figures).await?;
    requests::against_a_bare_route(&mut figures).await?;
    figures.finish();
    Ok(())
}
