//! A server of the local stack: bound to 127.0.0.1, stopped by its owner.

use std::future::Future;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::Pin;

use anyhow::Context;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// Ends when the server shall stop.
pub(crate) type Stopped = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A running server.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<anyhow::Result<()>>,
}

impl Server {
    /// Binds 127.0.0.1 (`port` 0 = any free one) and runs `serve` until the server is stopped or dropped.
    ///
    /// # Errors
    /// A port that is taken.
    #[expect(
        clippy::disallowed_methods,
        reason = "a server of the local stack, stopped by its owner; not on Lambda"
    )]
    pub async fn start<F>(
        port: u16,
        serve: impl FnOnce(TcpListener, Stopped) -> F,
    ) -> anyhow::Result<Self>
    where
        F: Future<Output = anyhow::Result<()>> + Send + 'static,
    {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))
            .await
            .with_context(|| {
                format!("cannot listen on 127.0.0.1:{port}; choose another with --port")
            })?;
        let address = listener.local_addr()?;
        let (stop, stopped) = oneshot::channel::<()>();
        // A sender that is dropped stops the server too.
        let stopped: Stopped = Box::pin(async move { drop(stopped.await) });
        Ok(Self {
            address,
            stop: Some(stop),
            task: tokio::spawn(serve(listener, stopped)),
        })
    }

    /// Serves an axum router.
    ///
    /// # Errors
    /// A port that is taken.
    pub async fn router(port: u16, router: axum::Router) -> anyhow::Result<Self> {
        Self::start(port, |listener, stopped| async move {
            axum::serve(listener, router)
                .with_graceful_shutdown(stopped)
                .await
                .map_err(anyhow::Error::from)
        })
        .await
    }

    /// `http://127.0.0.1:<port>`
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Stops accepting, lets running requests finish.
    ///
    /// # Errors
    /// What ended the server early.
    pub async fn stop(mut self) -> anyhow::Result<()> {
        drop(self.stop.take());
        self.task.await?
    }
}
