//! The DynamoDB arrow: a DynamoDB in this process, on SQLite, spoken to over HTTP like the real one.

use std::path::Path;

use anyhow::Context;
use dynoxide::Database;

use super::server::Server;

/// Starts the database kept in `file`, or one in memory.
///
/// # Errors
/// A file that is no database or cannot be opened; no free port.
pub(crate) async fn start(file: Option<&Path>) -> anyhow::Result<Server> {
    let database = match file {
        Some(file) => {
            let path = file
                .to_str()
                .with_context(|| format!("the path {} is not UTF-8", file.display()))?;
            Database::new(path)
                .map_err(|error| anyhow::anyhow!("cannot open the database {path}: {error}"))?
        }
        None => Database::memory()
            .map_err(|error| anyhow::anyhow!("cannot open a database in memory: {error}"))?,
    };
    Server::start(0, |listener, stopped| async move {
        dynoxide::server::serve_with_shutdown(listener, database, stopped)
            .await
            .map_err(anyhow::Error::msg)
    })
    .await
}
