//! Requests for an API whose authorizer is IAM: AWS Signature Version 4, with the credentials that every AWS tool
//! finds.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use anyhow::Context;
use aws_credential_types::Credentials;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use platform::clock::Clock;
use reqwest::header::{HeaderName, HeaderValue};
use reqwest::{Request, Url};
use tokio::sync::Mutex;

/// Credentials that end sooner than this are asked for anew.
const SPARE: Duration = Duration::from_secs(300);

/// Signs requests.
#[derive(Debug)]
pub(crate) struct Signer {
    provider: SharedCredentialsProvider,
    current: Mutex<Option<Credentials>>,
    region: String,
    service: &'static str,
    clock: Arc<dyn Clock>,
}

/// The service and region that a host of AWS belongs to: an API's own address, or a function's.
fn scope(url: &Url) -> Option<(&'static str, String)> {
    let host = url.host_str()?;
    let region = |after: &str| {
        host.split_once(after)?
            .1
            .split('.')
            .next()
            .map(str::to_owned)
    };
    if host.ends_with(".amazonaws.com") {
        return Some(("execute-api", region(".execute-api.")?));
    }
    host.ends_with(".on.aws")
        .then(|| Some(("lambda", region(".lambda-url.")?)))?
}

impl Signer {
    /// Signs for the service at `url`.
    ///
    /// # Errors
    /// No region, or no credentials.
    pub(crate) async fn connect(url: &Url, clock: Arc<dyn Clock>) -> anyhow::Result<Self> {
        let config = platform::aws::from_environment().await;
        let (service, region) = match (scope(url), config.region()) {
            (Some(scope), _) => scope,
            (None, Some(region)) => ("execute-api", region.to_string()),
            (None, None) => {
                anyhow::bail!("--sign needs to know the region of {url}: set AWS_REGION")
            }
        };
        let provider = config.credentials_provider();
        let provider =
            provider.context("--sign found no credentials: set AWS_PROFILE, or log in")?;
        let signer = Self {
            provider,
            current: Mutex::new(None),
            region,
            service,
            clock,
        };
        signer.credentials().await?;
        Ok(signer)
    }

    async fn credentials(&self) -> anyhow::Result<Credentials> {
        let now = SystemTime::from(self.clock.now());
        let mut current = self.current.lock().await;
        if let Some(credentials) = current.as_ref()
            && credentials
                .expiry()
                .is_none_or(|expiry| expiry > now + SPARE)
        {
            return Ok(credentials.clone());
        }
        let found = self.provider.provide_credentials().await;
        let found = found.context("--sign found no credentials: log in, or set AWS_PROFILE")?;
        *current = Some(found.clone());
        Ok(found)
    }

    /// Adds the signature's headers to a request with a body in memory.
    ///
    /// # Errors
    /// Credentials that have ended and cannot be renewed.
    pub(crate) async fn sign(&self, request: &mut Request) -> anyhow::Result<()> {
        let identity = self.credentials().await?.into();
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name(self.service)
            .time(SystemTime::from(self.clock.now()))
            .settings(SigningSettings::default())
            .build()?
            .into();
        let body = request
            .body()
            .and_then(|body| body.as_bytes())
            .unwrap_or_default();
        // Only host and date are signed with the body: what a proxy adds on the way must not break the signature.
        let signable = SignableRequest::new(
            request.method().as_str(),
            request.url().as_str(),
            std::iter::empty(),
            SignableBody::Bytes(body),
        )?;
        let (instructions, _) = sign(signable, &params)?.into_parts();
        for (name, value) in instructions.headers() {
            let mut value = HeaderValue::from_str(value)?;
            value.set_sensitive(true);
            request
                .headers_mut()
                .insert(HeaderName::try_from(name)?, value);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
