//! The function URL arrow: links that acknowledge incidents, served by the responder's own code over real HTTP.

use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use axum::body::Body;
use axum::extract::State;
use axum::http::{Request, StatusCode};
use axum::response::Response;
use incidents::acknowledge_link::{KEY_BYTES, Key, PATH};
use platform::clock::Clock;
use responder::acknowledge::{Deps, answer};

use super::gateway::{BODY_LIMIT, event_of, message, request_id, response_of};

/// Where the key is kept, in the data directory.
const FILE: &str = "acknowledge.key";

/// The key of a data directory, as text that only its owner can read; made at the first start, so that links outlive a
/// restart.
///
/// # Errors
/// A file that cannot be read or written, or is shorter than a key.
pub(super) fn key(data: &Path) -> anyhow::Result<Key> {
    let file = data.join(FILE);
    let text = if file.exists() {
        std::fs::read_to_string(&file)
    } else {
        make(&file)
    };
    let name = file.display();
    let text = text.with_context(|| format!("the key of acknowledgement links, {name}"))?;
    Key::new(text.trim().as_bytes())
        .with_context(|| format!("{name}; or delete it, and a new one is made at the next start"))
}

/// One that is half-written is none: it gets its name when it is whole.
fn make(file: &Path) -> std::io::Result<String> {
    let mut bytes = [0; KEY_BYTES];
    std::io::Read::read_exact(&mut std::fs::File::open("/dev/urandom")?, &mut bytes)?;
    let text: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let part = file.with_extension("part");
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    let mut written = options.open(&part)?;
    written.write_all(text.as_bytes())?;
    written.sync_all()?;
    std::fs::rename(part, file)?;
    Ok(text)
}

#[derive(Debug)]
struct Served {
    deps: Deps,
    clock: Arc<dyn Clock>,
}

/// Serves everything below `/acknowledge/`.
pub(super) fn router(deps: Deps, clock: Arc<dyn Clock>) -> axum::Router {
    axum::Router::new()
        .route(&format!("/{PATH}/{{*token}}"), axum::routing::any(forward))
        .with_state(Arc::new(Served { deps, clock }))
}

async fn forward(State(served): State<Arc<Served>>, request: Request<Body>) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, BODY_LIMIT).await else {
        return message(StatusCode::PAYLOAD_TOO_LARGE, "Request Too Long");
    };
    let now = served.clock.now();
    let event = event_of(&parts, &body, &request_id(now.as_millisecond(), 0), now);
    let answer = answer(&event, &served.deps).await;
    response_of(&serde_json::to_value(answer).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_key_is_made_once_and_nobody_else_may_read_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(FILE);
        key(folder.path()).unwrap();
        let first = std::fs::read(&file).unwrap();
        assert_eq!(first.len(), 2 * KEY_BYTES);
        let mode = std::fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        key(folder.path()).unwrap();
        assert_eq!(std::fs::read(&file).unwrap(), first);
        let other = tempfile::tempdir().unwrap();
        key(other.path()).unwrap();
        assert_ne!(std::fs::read(other.path().join(FILE)).unwrap(), first);

        std::fs::write(&file, "short").unwrap();
        let error = format!("{:#}", key(folder.path()).unwrap_err());
        assert!(
            error.contains("delete it") && error.contains("5 bytes"),
            "{error}"
        );
    }
}
