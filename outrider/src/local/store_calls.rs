//! Watches the calls to DynamoDB as they leave and as they return, for tests that stop the process between any
//! two of them.

use std::sync::Arc;

use aws_config::SdkConfig;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::interceptors::{
    BeforeTransmitInterceptorContextRef, FinalizerInterceptorContextRef,
};
use aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents, SharedInterceptor};
use aws_sdk_dynamodb::error::BoxError;

/// Hears of every call.
pub trait StoreCalls: Send + Sync + std::fmt::Debug {
    /// A request is about to be sent.
    fn leaves(&self);
    /// Its answer has come, or will not come.
    fn returned(&self);
}

#[derive(Debug)]
struct Observed(Arc<dyn StoreCalls>);

impl Intercept for Observed {
    fn name(&self) -> &'static str {
        "StoreCalls"
    }

    fn read_before_transmit(
        &self,
        _: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        self.0.leaves();
        Ok(())
    }

    fn read_after_execution(
        &self,
        _: &FinalizerInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        self.0.returned();
        Ok(())
    }
}

/// A client whose calls are heard.
#[must_use]
pub fn client(config: &SdkConfig, calls: Option<Arc<dyn StoreCalls>>) -> Client {
    let mut builder = aws_sdk_dynamodb::config::Builder::from(config);
    if let Some(calls) = calls {
        builder.push_interceptor(SharedInterceptor::new(Observed(calls)));
    }
    Client::from_conf(builder.build())
}
