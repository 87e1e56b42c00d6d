//! A DynamoDB in this process for tests, stopped when it is dropped. Behind the feature `testing`.

use tokio::net::TcpListener;
use tokio::sync::oneshot;

/// A server on 127.0.0.1 with an empty database in memory.
#[derive(Debug)]
pub struct Server {
    /// `http://127.0.0.1:<port>`
    pub endpoint: String,
    _stop: oneshot::Sender<()>,
}

impl Server {
    /// Starts it on any free port.
    ///
    /// # Panics
    /// Without a free port or memory: there is no test without them.
    #[expect(
        clippy::disallowed_methods,
        clippy::expect_used,
        reason = "for tests: ends with the test's runtime"
    )]
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener
            .local_addr()
            .expect("a bound socket has an address");
        let database = dynoxide::Database::memory().expect("a database in memory");
        let (stop, stopped) = oneshot::channel::<()>();
        tokio::spawn(dynoxide::server::serve_with_shutdown(
            listener,
            database,
            async { drop(stopped.await) },
        ));
        Self {
            endpoint: format!("http://{address}"),
            _stop: stop,
        }
    }

    /// A client of it.
    pub async fn client(&self) -> aws_sdk_dynamodb::Client {
        aws_sdk_dynamodb::Client::new(&crate::aws::for_endpoint(&self.endpoint).await)
    }
}
