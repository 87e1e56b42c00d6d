//! A stand-in for an Amazon S3 bucket: objects in memory, with the conditional write that the detector relies on.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};

use crate::listener::Listener;

type Objects = Arc<Mutex<BTreeMap<String, Bytes>>>;

/// The server.
#[derive(Debug)]
pub struct Bucket {
    listener: Listener,
    objects: Objects,
}

impl Bucket {
    /// Starts it empty; it takes any bucket's name.
    pub async fn start() -> Self {
        let objects = Objects::default();
        let router = Router::new().fallback(serve).with_state(objects.clone());
        Self {
            listener: Listener::serve(router).await,
            objects,
        }
    }

    /// Its endpoint.
    #[must_use]
    pub fn endpoint(&self) -> String {
        self.listener.endpoint()
    }

    /// The path of its last object by name, `/<bucket>/<key>`.
    #[must_use]
    pub fn newest(&self) -> Option<String> {
        self.objects
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .keys()
            .next_back()
            .cloned()
    }
}

fn xml(status: StatusCode, body: impl Into<String>) -> Response {
    (status, [("content-type", "application/xml")], body.into()).into_response()
}

/// `PutObject`, `GetObject`, `ListObjectsV2` and `DeleteObjects` (Amazon S3 API reference).
async fn serve(
    State(objects): State<Objects>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let mut objects = objects.lock().unwrap_or_else(PoisonError::into_inner);
    let path = uri.path().to_owned();
    match method {
        Method::PUT
            if headers.get("if-none-match").is_some_and(|tag| tag == "*")
                && objects.contains_key(&path) =>
        {
            xml(
                StatusCode::PRECONDITION_FAILED,
                "<Error><Code>PreconditionFailed</Code></Error>",
            )
        }
        Method::PUT => {
            objects.insert(path, body);
            (StatusCode::OK, [("etag", "\"0\"")]).into_response()
        }
        Method::GET
            if uri
                .query()
                .is_some_and(|query| query.starts_with("list-type=2")) =>
        {
            let query = uri.query().unwrap_or_default().replace("%2F", "/");
            let prefix = query
                .split('&')
                .find_map(|part| part.strip_prefix("prefix="));
            let bucket = format!("{}/", path.trim_end_matches('/'));
            let listed: String = objects
                .iter()
                .filter_map(|(name, object)| Some((name.strip_prefix(&bucket)?, object)))
                .filter(|(key, _)| key.starts_with(prefix.unwrap_or_default()))
                .map(|(key, object)| {
                    let size = object.len();
                    format!(
                        "<Contents><Key>{key}</Key><LastModified>2026-11-20T22:05:00.000Z</LastModified>\
                         <ETag>0</ETag><Size>{size}</Size></Contents>"
                    )
                })
                .collect();
            xml(
                StatusCode::OK,
                format!(
                    "<ListBucketResult>{listed}<IsTruncated>false</IsTruncated></ListBucketResult>"
                ),
            )
        }
        Method::GET => match objects.get(&path) {
            Some(object) => {
                let headers = [
                    ("etag", "\"0\""),
                    ("last-modified", "Fri, 20 Nov 2026 22:05:00 GMT"),
                ];
                (StatusCode::OK, headers, object.clone()).into_response()
            }
            None => xml(
                StatusCode::NOT_FOUND,
                "<Error><Code>NoSuchKey</Code></Error>",
            ),
        },
        Method::POST if uri.query().is_some_and(|query| query.starts_with("delete")) => {
            let text = String::from_utf8_lossy(&body).into_owned();
            let keys = text
                .split("<Key>")
                .skip(1)
                .filter_map(|rest| rest.split("</Key>").next());
            let deleted: String = keys
                .map(|key| {
                    objects.remove(&format!("{}/{key}", path.trim_end_matches('/')));
                    format!("<Deleted><Key>{key}</Key></Deleted>")
                })
                .collect();
            xml(
                StatusCode::OK,
                format!("<DeleteResult>{deleted}</DeleteResult>"),
            )
        }
        _ => StatusCode::METHOD_NOT_ALLOWED.into_response(),
    }
}
