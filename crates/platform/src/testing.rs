//! A DynamoDB for the tests of the adapters, stopped when it is dropped.

use tokio::net::TcpListener;
use tokio::sync::oneshot;

#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) endpoint: String,
    _stop: oneshot::Sender<()>,
}

impl Server {
    #[expect(clippy::disallowed_methods, reason = "a test's server ends with the test's runtime")]
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let database = dynoxide::Database::memory().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        tokio::spawn(dynoxide::server::serve_with_shutdown(listener, database, async { drop(stopped.await) }));
        Self { endpoint, _stop: stop }
    }
}
