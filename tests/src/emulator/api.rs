//! An API of the emulator's gateway, as a client outside of AWS calls it: over HTTP, signed.

use std::net::SocketAddr;
use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use platform::clock::{Clock, SystemClock};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, Method, Request};
use serde_json::Value;

use super::{OWNER, REGION};

/// An answer of the API.
#[derive(Debug)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body; null when it is empty, a text when it is no JSON.
    pub body: Value,
}

impl Answer {
    /// A header's text.
    ///
    /// # Panics
    /// When it is not there.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name).and_then(|value| value.to_str().ok());
        value.unwrap_or_else(|| panic!("no header {name} in {self:?}"))
    }

    /// One of the body's texts.
    ///
    /// # Panics
    /// When it is none.
    #[must_use]
    pub fn text(&self, member: &str) -> &str {
        self.body[member]
            .as_str()
            .unwrap_or_else(|| panic!("no text {member} in {self:?}"))
    }
}

/// One API.
#[derive(Debug)]
pub struct Api {
    client: Client,
    base: String,
}

impl Api {
    /// The API whose address on AWS is `url`. Here its host ends in `localhost` instead of `amazonaws.com`.
    ///
    /// # Panics
    /// When `url` is no such address.
    #[must_use]
    pub fn new(url: &str, server: SocketAddr) -> Self {
        let host = url
            .strip_prefix("https://")
            .and_then(|host| host.split_once(".execute-api."));
        let (id, _) = host.unwrap_or_else(|| panic!("{url} is no address of an API"));
        let host = format!("{id}.execute-api.localhost");
        let client = Client::builder().resolve(&host, server).build();
        Self {
            client: client.unwrap_or_else(|error| panic!("no client: {error}")),
            base: format!("http://{host}:{}", server.port()),
        }
    }

    /// Asks for `path` with a signature of the account's owner.
    ///
    /// # Panics
    /// When there is no answer.
    pub async fn call(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Answer {
        let mut request = self.request(method, path, headers, body);
        signed(&mut request, "execute-api");
        self.send(request).await
    }

    /// The same as nobody.
    ///
    /// # Panics
    /// When there is no answer.
    pub async fn call_unsigned(&self, method: Method, path: &str) -> Answer {
        self.send(self.request(method, path, &[], None)).await
    }

    fn request(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Request {
        let mut request = self.client.request(method, format!("{}{path}", self.base));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request
                .header("content-type", "application/json")
                .body(body.to_string());
        }
        request
            .build()
            .unwrap_or_else(|error| panic!("{path} cannot be asked for: {error}"))
    }

    async fn send(&self, request: Request) -> Answer {
        let what = format!("{} {}", request.method(), request.url());
        let failed = |error: reqwest::Error| -> ! { panic!("{what} got no answer: {error}") };
        let response = self
            .client
            .execute(request)
            .await
            .unwrap_or_else(|error| failed(error));
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body = response.text().await.unwrap_or_else(|error| failed(error));
        let value = serde_json::from_str(&body);
        let body = if body.is_empty() {
            Value::Null
        } else {
            value.unwrap_or(Value::String(body))
        };
        Answer {
            status,
            headers,
            body,
        }
    }
}

/// Signs a request for a service of the emulator, as the account's owner.
pub(super) fn signed(request: &mut Request, service: &str) {
    let failed =
        |error: &dyn std::fmt::Display| -> ! { panic!("the request cannot be signed: {error}") };
    let (key, secret) = OWNER;
    let identity = Credentials::new(key, secret, None, None, "emulator").into();
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region(REGION)
        .name(service)
        .time(SystemTime::from(SystemClock.now()))
        .settings(SigningSettings::default())
        .build()
        .unwrap_or_else(|error| failed(&error));
    let body = request
        .body()
        .and_then(|body| body.as_bytes())
        .unwrap_or_default();
    let signable = SignableRequest::new(
        request.method().as_str(),
        request.url().as_str(),
        std::iter::empty(),
        SignableBody::Bytes(body),
    )
    .unwrap_or_else(|error| failed(&error));
    let signed = sign(signable, &params.into()).unwrap_or_else(|error| failed(&error));
    let (instructions, _) = signed.into_parts();
    for (name, value) in instructions.headers() {
        let (name, value) = (HeaderName::try_from(name), HeaderValue::from_str(value));
        request.headers_mut().insert(
            name.unwrap_or_else(|error| failed(&error)),
            value.unwrap_or_else(|error| failed(&error)),
        );
    }
}
