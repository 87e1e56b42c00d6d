//! The detector's state objects: immutable, one for each (shard, window), written once.
//!
//! Why objects and not DynamoDB items: ten thousand states of 4 KB every minute would cost over $1,000 a month
//! as items and cost cents as one object. `object_store` gives S3 on AWS and a folder elsewhere.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::TryStreamExt;
use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{
    Certificate, ClientConfigKey, ClientOptions, ObjectStore, ObjectStoreExt, PutMode, PutOptions,
};
use signals::Minute;

use crate::aws;
use crate::config::Environment;

/// Why a state object could not be read or written.
#[derive(Debug, thiserror::Error)]
#[error("state object {path}: {source}")]
pub struct CheckpointError {
    path: String,
    source: object_store::Error,
}

impl CheckpointError {
    /// Whether the same call may succeed later: everything but a missing permission or a missing bucket.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        use object_store::Error::{NotFound, NotImplemented, PermissionDenied, Unauthenticated};
        !matches!(
            self.source,
            NotFound { .. }
                | NotImplemented { .. }
                | PermissionDenied { .. }
                | Unauthenticated { .. }
        )
    }
}

/// Reads and writes state objects.
#[derive(Clone)]
pub struct Checkpoints(Arc<dyn ObjectStore>);

impl fmt::Debug for Checkpoints {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Checkpoints({})", self.0)
    }
}

fn path(shard: u16, window: Minute) -> Path {
    Path::from(format!("state/{shard}/{}", window.index()))
}

/// How to connect: over plain HTTP when `AWS_ALLOW_HTTP` says so, and with the certificates of all other clients.
/// Left to itself it would scan the system's, at every cold start.
fn client(environment: &AmazonS3Builder) -> object_store::Result<ClientOptions> {
    let allow_http = AmazonS3ConfigKey::Client(ClientConfigKey::AllowHttp);
    let allow_http = environment.get_config_value(&allow_http);
    let mut options = ClientOptions::new().with_allow_http(allow_http.as_deref() == Some("true"));
    if let Some(roots) = aws::roots(&Environment) {
        options = options.with_no_system_certificates(true);
        for root in Certificate::from_pem_bundle(roots)? {
            options = options.with_root_certificate(root);
        }
    }
    Ok(options)
}

impl Checkpoints {
    /// Objects in an S3 bucket; region, credentials and endpoint come from the environment.
    ///
    /// # Errors
    /// A bucket name that S3 does not accept.
    pub fn bucket(name: &str) -> Result<Self, CheckpointError> {
        let environment = AmazonS3Builder::from_env().with_bucket_name(name);
        client(&environment)
            .and_then(|client| environment.with_client_options(client).build())
            .map(|store| Self(Arc::new(store)))
            .map_err(|source| CheckpointError {
                path: name.to_owned(),
                source,
            })
    }

    /// Objects in a folder, which is made when it is not there.
    ///
    /// # Errors
    /// A folder that cannot be made.
    pub fn folder(at: &std::path::Path) -> Result<Self, CheckpointError> {
        let failed = |source| CheckpointError {
            path: at.display().to_string(),
            source,
        };
        std::fs::create_dir_all(at).map_err(|error| {
            failed(object_store::Error::Generic {
                store: "folder",
                source: Box::new(error),
            })
        })?;
        LocalFileSystem::new_with_prefix(at)
            .map(|store| Self(Arc::new(store)))
            .map_err(failed)
    }

    /// Objects in any store; for tests that make it fail.
    #[must_use]
    pub fn over(store: Arc<dyn ObjectStore>) -> Self {
        Self(store)
    }

    /// The state at the end of `window`; `None` when nobody wrote it.
    ///
    /// # Errors
    /// A store that does not answer.
    pub async fn read(&self, shard: u16, window: Minute) -> Result<Option<Bytes>, CheckpointError> {
        let path = path(shard, window);
        let found = match self.0.get(&path).await {
            Ok(found) => found.bytes().await,
            Err(object_store::Error::NotFound { .. }) => return Ok(None),
            Err(source) => {
                return Err(CheckpointError {
                    path: path.to_string(),
                    source,
                });
            }
        };
        found.map(Some).map_err(|source| CheckpointError {
            path: path.to_string(),
            source,
        })
    }

    /// Writes the state at the end of `window` unless it is there: the first writer is right, and a retry that
    /// computed the same window from the same rollups has the same bytes.
    ///
    /// # Errors
    /// A store that does not answer.
    pub async fn write_once(
        &self,
        shard: u16,
        window: Minute,
        state: Vec<u8>,
    ) -> Result<(), CheckpointError> {
        let path = path(shard, window);
        let options = PutOptions {
            mode: PutMode::Create,
            ..PutOptions::default()
        };
        match self.0.put_opts(&path, state.into(), options).await {
            Ok(_) | Err(object_store::Error::AlreadyExists { .. }) => Ok(()),
            Err(source) => Err(CheckpointError {
                path: path.to_string(),
                source,
            }),
        }
    }

    /// Removes the states of windows before `window`. One that is gone already is no error.
    ///
    /// # Errors
    /// A store that does not answer.
    pub async fn forget_before(&self, shard: u16, window: Minute) -> Result<(), CheckpointError> {
        let folder = Path::from(format!("state/{shard}"));
        let failed = |source| CheckpointError {
            path: folder.to_string(),
            source,
        };
        let found: Vec<_> = self
            .0
            .list(Some(&folder))
            .try_collect()
            .await
            .map_err(failed)?;
        for object in found {
            let index = object
                .location
                .filename()
                .and_then(|name| name.parse::<i64>().ok());
            if index.is_none_or(|index| index >= window.index()) {
                continue;
            }
            match self.0.delete(&object.location).await {
                Ok(()) | Err(object_store::Error::NotFound { .. }) => {}
                Err(source) => {
                    return Err(CheckpointError {
                        path: object.location.to_string(),
                        source,
                    });
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_first_state_of_a_window_stays() {
        let folder = tempfile::tempdir().unwrap();
        let checkpoints = Checkpoints::folder(folder.path()).unwrap();
        let window = Minute::parse("2026-11-20T22:05:00Z").unwrap();
        assert_eq!(checkpoints.read(0, window).await.unwrap(), None);
        checkpoints
            .write_once(0, window, b"first".to_vec())
            .await
            .unwrap();
        checkpoints
            .write_once(0, window, b"second".to_vec())
            .await
            .unwrap();
        assert_eq!(
            checkpoints.read(0, window).await.unwrap().as_deref(),
            Some(&b"first"[..])
        );
        assert_eq!(checkpoints.read(1, window).await.unwrap(), None);
        for later in [1, 2] {
            checkpoints
                .write_once(0, window.plus(later), b"later".to_vec())
                .await
                .unwrap();
        }
        for _ in 0..2 {
            checkpoints.forget_before(0, window.plus(1)).await.unwrap();
            assert_eq!(checkpoints.read(0, window).await.unwrap(), None);
            assert!(
                checkpoints.read(0, window.plus(1)).await.unwrap().is_some(),
                "what is pointed to stays"
            );
        }
    }
}
