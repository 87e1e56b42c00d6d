//! Whom the connections to AWS trust.
//!
//! The SDK's default scans the system's certificates and parses all of them again for each client of a service:
//! milliseconds of every cold start. Every endpoint of AWS has a certificate of Amazon Trust Services, so its five
//! roots are enough.

use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use aws_smithy_http_client::{Builder, HttpClientError};
use aws_smithy_runtime_api::client::http::SharedHttpClient;

use crate::config::Vars;

/// All five, as their owner asks of those who keep a trust store of their own
/// (<https://www.amazontrust.com/repository/>, "Trust Store and Pinning Recommendations", 2026-11-21).
const AMAZON_ROOTS: &[u8] = include_bytes!("amazon-roots.pem");

/// The variables of OpenSSL that name other certificates. Whoever sets one stands behind a proxy that signs itself,
/// or speaks to a server that is not Amazon's: then it is the system's choice, which reads them too.
const OTHER_ROOTS: [&str; 2] = ["SSL_CERT_FILE", "SSL_CERT_DIR"];

/// The certificates to trust, as PEM; none when the environment names others than Amazon's: then the system's.
pub(crate) fn roots(vars: &dyn Vars) -> Option<&'static [u8]> {
    let named = |name: &str| vars.get(name).is_some_and(|value| !value.is_empty());
    let others = OTHER_ROOTS.iter().any(|name| named(name));
    (!others).then_some(AMAZON_ROOTS)
}

/// One client for every service: they share its connections and its certificates.
///
/// # Errors
/// None that this version of the client has.
pub(crate) fn http_client(vars: &dyn Vars) -> Result<SharedHttpClient, HttpClientError> {
    let store = roots(vars).map_or_else(TrustStore::default, |roots| {
        TrustStore::empty().with_pem_certificate(roots)
    });
    let context = TlsContext::builder().with_trust_store(store).build()?;
    Ok(Builder::new()
        .tls_provider(Provider::Rustls(CryptoMode::AwsLc))
        .tls_context(context)
        .build_https())
}
