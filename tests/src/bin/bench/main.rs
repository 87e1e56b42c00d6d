//! `bench --dist FOLDER --bare FOLDER [--corpora FOLDER] [--only NAME]… [--json]`: the ratios and times of
//! `make bench`, one `name value unit` a line.
//!
//! Every figure is the best of five rounds: noise only ever adds time, so the best round is the one that says most
//! about the code. What is compared is measured in the same run on the same machine.

mod cold_start;
mod detection;
mod figures;
mod ingest;
mod judging;
mod load;
mod requests;
mod telemetry;
mod world;

use figures::Figures;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut args = std::env::args().skip(1).peekable();
    if args.next_if(|first| first == ingest::CHILD).is_some() {
        return ingest::child(args.next().as_deref());
    }
    let mut figures = Figures::from_args(args)?;
    let corpora = figures.corpora.clone();
    ingest::all(&mut figures, &corpora)?;
    if !figures.whole() {
        return figures.finish();
    }
    judging::emf(&mut figures);
    detection::all(&mut figures)?;
    judging::incidents(&mut figures)?;
    cold_start::all(&mut figures).await?;
    telemetry::overhead(&mut figures).await?;
    load::open_loop(&mut figures).await?;
    requests::against_a_bare_route(&mut figures).await?;
    figures.finish()
}
