//! From the start of a shipped binary to its first question for an event, and to its first answer: what a cold start
//! adds of our own. Lambda adds the microVM and the download, which nobody here can measure.
//!
//! Beside each function starts a bare one with the same clients, in turn: their ratio says what we add, on any machine.

use std::net::Ipv4Addr;

use anyhow::Context;
use e2e::dist::FUNCTIONS;
use platform::clock::{Clock, Operation, SystemClock};
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;

use crate::figures::{Figures, ROUNDS};
use crate::world::World;

/// The best of the rounds, in milliseconds and KiB.
#[derive(Debug, Clone, Copy)]
struct Best {
    first_next: f64,
    first_answer: f64,
    resident: u64,
}

impl Best {
    const NONE: Self = Self {
        first_next: f64::INFINITY,
        first_answer: f64::INFINITY,
        resident: u64::MAX,
    };
}

pub(crate) async fn all(figures: &mut Figures) -> anyhow::Result<()> {
    for function in FUNCTIONS {
        let binaries = [figures.shipped(function), figures.bare(function)];
        let mut best = [Best::NONE; 2];
        for _ in 0..ROUNDS {
            for (binary, best) in binaries.iter().zip(&mut best) {
                // Its own world: what an earlier round stored would be other work.
                let world = World::start().await?;
                let mut running = world.function(function, binary, &[]).await;
                match World::first_event(function) {
                    Some(event) => {
                        let (next, answer, _) = running.first(&event).await;
                        best.first_next = best.first_next.min(next.as_secs_f64() * 1e3);
                        best.first_answer = best.first_answer.min(answer.as_secs_f64() * 1e3);
                    }
                    None => {
                        let next = running.started().await;
                        best.first_next = best.first_next.min(next.as_secs_f64() * 1e3);
                    }
                }
                best.resident = best
                    .resident
                    .min(running.resident_kib().unwrap_or(u64::MAX));
            }
        }
        let [ours, bare] = best;
        let name = function.replace('-', "_");
        figures.take(&format!("cold_start_ms_{name}"), ours.first_next, "ms");
        figures.take(&format!("cold_start_bare_ms_{name}"), bare.first_next, "ms");
        figures.take(
            &format!("cold_start_ratio_{name}"),
            ours.first_next / bare.first_next,
            "of the bare one (at most 1.5)",
        );
        if ours.first_answer.is_finite() {
            figures.take(
                &format!("first_answer_ms_{name}"),
                ours.first_answer,
                "ms from the start",
            );
        }
        if let Ok(kib) = u32::try_from(ours.resident) {
            let mib = f64::from(kib) / 1024.0;
            figures.take(&format!("resident_mib_{name}"), mib, "MiB");
        }
        figures.take_size(&format!("binary_mib_{name}"), &binaries[0])?;
        figures.take_size(&format!("binary_bare_mib_{name}"), &binaries[1])?;
    }
    first_handshake(figures).await
}

/// From the start to the first bytes of TLS: everything that a secure connection needs has been made by then, random
/// numbers above all. Collecting them from the processor's jitter would show here as 20 ms or more.
async fn first_handshake(figures: &mut Figures) -> anyhow::Result<()> {
    let world = World::start().await?;
    let mut best = f64::INFINITY;
    for _ in 0..ROUNDS {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let endpoint = format!("https://{}", listener.local_addr()?);
        let vars = [("AWS_ENDPOINT_URL_DYNAMODB", endpoint.as_str())];
        let mark = SystemClock.start();
        let running = world
            .function("log-processor", &figures.shipped("log-processor"), &vars)
            .await;
        let (mut stream, _) = listener.accept().await?;
        stream
            .read_u8()
            .await
            .context("the function said nothing")?;
        let ms = SystemClock.finish(Operation::Request, mark).as_secs_f64() * 1e3;
        best = best.min(ms);
        drop(running);
    }
    figures.take(
        "first_handshake_ms_log_processor",
        best,
        "ms from the start to the first bytes of TLS",
    );
    Ok(())
}
