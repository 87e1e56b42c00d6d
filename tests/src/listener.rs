//! A server for the length of a test.

use std::net::{Ipv4Addr, SocketAddr};

use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

/// A server on 127.0.0.1, on a port that was free; it stops when this is dropped.
#[derive(Debug)]
pub struct Listener {
    address: SocketAddr,
    _stop: oneshot::Sender<()>,
}

impl Listener {
    /// Serves `router`.
    ///
    /// # Panics
    /// Without a free port.
    #[expect(
        clippy::disallowed_methods,
        reason = "a test's server, which ends with the test"
    )]
    pub async fn serve(router: Router) -> Self {
        let socket = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
        let socket = socket.unwrap_or_else(|error| panic!("no free port: {error}"));
        let address = socket
            .local_addr()
            .unwrap_or_else(|error| panic!("a bound socket has no address: {error}"));
        let (stop, stopped) = oneshot::channel::<()>();
        tokio::spawn(async move {
            tokio::select! {
                // It accepts until it is dropped; a failure shows in the test as a connection refused.
                _ = axum::serve(socket, router) => {}
                _ = stopped => {}
            }
        });
        Self {
            address,
            _stop: stop,
        }
    }

    /// `127.0.0.1:<port>`
    #[must_use]
    pub fn authority(&self) -> String {
        self.address.to_string()
    }

    /// `http://127.0.0.1:<port>`
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }
}
