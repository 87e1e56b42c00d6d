//! Connections that are open before the first event comes.
//!
//! A new connection costs a look-up, two or three round trips and the arithmetic of a handshake. During its init a
//! function has a whole processor for that; afterwards it has its share, a fourteenth at 128 MB. Nobody's request
//! waits for it then.

use std::error::Error;
use std::future::Future;
use std::time::Duration;

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::BeforeTransmitInterceptorContextMut;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::config_bag::ConfigBag;
use aws_smithy_types::error::display::DisplayErrorContext;

/// Longest time that a start spends on it: many times a handshake within a region, and far from the 10 s that
/// Lambda gives an init.
pub const LIMIT: Duration = Duration::from_millis(500);

/// Makes a call a mere knock: it goes where the call would have gone, over the connection that the next call will
/// use, but as `GET /` without a name, a signature or a body. So it needs no permission, costs nothing, and shows
/// in no account's records; every answer is a good one.
#[derive(Debug, Clone, Copy, Default)]
pub struct Knock;

impl Intercept for Knock {
    fn name(&self) -> &'static str {
        "Knock"
    }

    fn modify_before_transmit(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let request = context.request_mut();
        request.set_method("GET")?;
        let names: Vec<_> = request
            .headers()
            .iter()
            .map(|(name, _)| name.to_owned())
            .collect();
        for name in names {
            request.headers_mut().remove(name);
        }
        *request.body_mut() = SdkBody::empty();
        Ok(())
    }
}

/// Waits for a call that [`Knock`]s at `service`, at most [`LIMIT`]. How it ends matters to nobody: a service that
/// cannot be reached is the first request's trouble, which can say so.
pub async fn knock<T, E: Error>(service: &str, call: impl Future<Output = Result<T, E>>) {
    match tokio::time::timeout(LIMIT, call).await {
        Ok(Ok(_)) => {}
        Ok(Err(error)) => {
            let error = DisplayErrorContext(&error);
            tracing::debug!(service, %error, "the connection was tried");
        }
        Err(_) => tracing::debug!(service, "the connection was not open in time"),
    }
}
