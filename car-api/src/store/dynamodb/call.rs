//! What every call shares: counting attempts and capacity, and turning the SDK's errors into ours.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use aws_sdk_dynamodb::config::interceptors::{
    BeforeTransmitInterceptorContextRef, FinalizerInterceptorContextRef,
};
use aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::{BoxError, ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::ConsumedCapacity;
use platform::dynamodb::{Item, describe, is_throttle};

use crate::store::{Meter, StoreError};

/// Counts the attempts of one call, and those of which nobody knows what they did.
#[derive(Debug, Clone, Default)]
pub(crate) struct Attempts(Arc<Counters>);

#[derive(Debug, Default)]
struct Counters {
    attempts: AtomicU64,
    unanswered: AtomicU64,
}

impl Intercept for Attempts {
    fn name(&self) -> &'static str {
        "Attempts"
    }

    fn read_before_attempt(
        &self,
        _: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        self.0.attempts.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    fn read_after_attempt(
        &self,
        attempt: &FinalizerInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        // An answer below 500 says what happened; a 5xx or no answer at all may hide a write.
        let answered = attempt
            .response()
            .is_some_and(|response| response.status().as_u16() < 500);
        if !answered {
            self.0.unanswered.fetch_add(1, Ordering::Relaxed);
        }
        Ok(())
    }
}

impl Attempts {
    /// Adds the repetitions to the request's bill.
    pub(crate) fn count(&self, meter: &Meter) {
        let retries = self.0.attempts.load(Ordering::Relaxed).saturating_sub(1);
        meter.add(|cost| cost.retries += retries);
    }

    /// Whether an attempt may have done its work without anybody hearing of it.
    pub(crate) fn may_have_written(&self) -> bool {
        self.0.unanswered.load(Ordering::Relaxed) > 0
    }
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Units {
    Read,
    Write,
}

/// Adds the capacity to the request's bill.
pub(crate) fn spent(meter: &Meter, used: Option<&ConsumedCapacity>, units: Units) {
    let used = used
        .and_then(ConsumedCapacity::capacity_units)
        .filter(|used| used.is_finite())
        .unwrap_or(0.0);
    meter.add(|cost| match units {
        Units::Read => cost.read_units += used,
        Units::Write => cost.write_units += used,
    });
}

/// What became of a call that failed.
pub(crate) fn failed<E, R>(
    operation: &'static str,
    meter: &Meter,
    error: &SdkError<E, R>,
) -> StoreError
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
    R: std::fmt::Debug,
{
    let (message, retryable) = describe(error);
    // A single write that meets a transaction on the same item.
    let collided = error
        .as_service_error()
        .and_then(ProvideErrorMetadata::code)
        == Some("TransactionConflictException");
    let error = if is_throttle(error) {
        StoreError::Throttled { operation, message }
    } else if retryable || collided {
        StoreError::Unavailable { operation, message }
    } else {
        StoreError::Refused { operation, message }
    };
    if error.is_retryable() {
        meter.add(|cost| cost.exhausted += 1);
    }
    error
}

/// A write whose condition can be refused.
pub(crate) trait Conditional {
    /// The item that was in the way; the inner none when there was none.
    fn refusal(&self) -> Option<Option<&Item>>;
}

macro_rules! conditional {
    ($($error:ident),*) => {
        $(impl Conditional for $error {
            fn refusal(&self) -> Option<Option<&Item>> {
                match self {
                    Self::ConditionalCheckFailedException(refused) => Some(refused.item()),
                    _ => None,
                }
            }
        })*
    };
}

conditional!(PutItemError, UpdateItemError, DeleteItemError);

/// The item that refused the condition, when that is why the call failed.
pub(crate) fn refused_condition<E: Conditional, R>(
    error: &SdkError<E, R>,
) -> Option<Option<&Item>> {
    error.as_service_error()?.refusal()
}
