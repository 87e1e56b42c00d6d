//! Records in an Amazon SQS queue: each is hidden while it is worked on, deleted when its rollups are written, and
//! shown again when it stays.

use std::collections::BTreeMap;
use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use aws_config::SdkConfig;
use aws_config::timeout::TimeoutConfig;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::error::{ProvideErrorMetadata, SdkError};
use platform::clock::Clock;

/// How long a message is hidden from others: log-processor's own time-out, twice.
const HIDDEN: Duration = Duration::from_secs(120);
/// How long an empty queue is waited for. Asked without waiting, SQS looks at some of its servers only and may say
/// "empty" of a queue that is not (Amazon SQS developer guide, "Amazon SQS short and long polling", November 2026).
const WAIT: Duration = Duration::from_secs(1);
/// Longest wait for an answer. A message may have a mebibyte, and the line home may be slow.
const ANSWER: Duration = Duration::from_secs(30);
/// How often a call is made that is refused for now, on top of the SDK's own attempts, and the first pause between.
const ATTEMPTS: u32 = 5;
const PAUSE: Duration = Duration::from_secs(1);
/// Refusals that mean "not now" (Amazon SQS API reference, "Common errors" and "ReceiveMessage",
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html>, November 2026).
const LATER: [&str; 8] = [
    "RequestThrottled",
    "ThrottlingException",
    "KmsThrottled",
    "KMS.ThrottlingException",
    "InternalFailure",
    "InternalError",
    "ServiceUnavailable",
    "OverLimit",
];

/// Why the queue did not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[error("{operation} on {url} failed: {reason}")]
pub(super) struct QueueError {
    operation: &'static str,
    url: String,
    reason: String,
    retryable: bool,
}

impl QueueError {
    /// Whether the same call may succeed later.
    pub(super) fn is_retryable(&self) -> bool {
        self.retryable
    }
}

/// A message that was received.
#[derive(Debug, Clone)]
pub(super) struct Message {
    pub(super) id: String,
    receipt: String,
    pub(super) body: String,
}

/// What became of a message in this run.
#[derive(Debug, PartialEq, Eq)]
enum Fate {
    /// Its rollups are written: it may be deleted however often it comes.
    Written,
    /// It stays, under this receipt.
    Stays(String),
}

/// The queue at a URL.
pub(super) struct Queue {
    client: Client,
    url: String,
    clock: Arc<dyn Clock>,
    seen: BTreeMap<String, Fate>,
}

impl Queue {
    pub(super) fn new(config: &SdkConfig, url: &str, clock: Arc<dyn Clock>) -> Self {
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(platform::aws::CONNECT_TIMEOUT)
            .operation_attempt_timeout(ANSWER)
            .build();
        let config = aws_sdk_sqs::config::Builder::from(config).timeout_config(timeouts);
        Self {
            client: Client::from_conf(config.build()),
            url: url.to_owned(),
            clock,
            seen: BTreeMap::new(),
        }
    }

    /// The next message that this run has not dealt with; `None` when the queue has no other.
    ///
    /// # Errors
    /// A queue that is not there, refuses, or does not answer.
    pub(super) async fn next(&mut self) -> Result<Option<Message>, QueueError> {
        let mut again = 0;
        loop {
            let Some(message) = self.receive().await? else {
                return Ok(None);
            };
            match self.seen.get_mut(&message.id) {
                None => return Ok(Some(message)),
                // SQS delivers at least once.
                Some(Fate::Written) => self.delete(&message).await?,
                Some(Fate::Stays(receipt)) => *receipt = message.receipt,
            }
            again += 1;
            // It took so long that what stays has come round: nothing else is left.
            if again > self.seen.len() {
                return Ok(None);
            }
        }
    }

    /// The rollups of a message are written: it goes.
    ///
    /// # Errors
    /// A queue that refuses or does not answer: the message stays, and replaying it again changes nothing.
    pub(super) async fn written(&mut self, message: &Message) -> Result<(), QueueError> {
        let deleted = self.delete(message).await;
        let fate = match &deleted {
            Ok(()) => Fate::Written,
            Err(_) => Fate::Stays(message.receipt.clone()),
        };
        self.seen.insert(message.id.clone(), fate);
        deleted
    }

    /// A message stays.
    pub(super) fn stays(&mut self, message: &Message) {
        let fate = Fate::Stays(message.receipt.clone());
        self.seen.insert(message.id.clone(), fate);
    }

    /// Shows what stays to everybody again. What cannot be shown now shows itself when its time is over.
    pub(super) async fn close(self) {
        for fate in self.seen.values() {
            let Fate::Stays(receipt) = fate else { continue };
            let request = self.client.change_message_visibility();
            let request = request.queue_url(&self.url).receipt_handle(receipt);
            if let Err(error) = request.visibility_timeout(0).send().await {
                tracing::debug!(reason = words(&error), "a message stays hidden for a while");
            }
        }
    }

    async fn receive(&self) -> Result<Option<Message>, QueueError> {
        let received = self
            .patiently("ReceiveMessage", async || {
                self.client
                    .receive_message()
                    .queue_url(&self.url)
                    // One at a time: it is hidden for as long as it is worked on, and no longer.
                    .max_number_of_messages(1)
                    .visibility_timeout(seconds(HIDDEN))
                    .wait_time_seconds(seconds(WAIT))
                    .send()
                    .await
            })
            .await?;
        let Some(message) = received.messages.unwrap_or_default().into_iter().next() else {
            return Ok(None);
        };
        // A message without an id could not be told from others, and one without a receipt not be deleted.
        let (Some(id), Some(receipt)) = (message.message_id, message.receipt_handle) else {
            return Err(QueueError {
                operation: "ReceiveMessage",
                url: self.url.clone(),
                reason: "a message has no MessageId or no ReceiptHandle".to_owned(),
                retryable: false,
            });
        };
        Ok(Some(Message {
            id,
            receipt,
            body: message.body.unwrap_or_default(),
        }))
    }

    async fn delete(&self, message: &Message) -> Result<(), QueueError> {
        self.patiently("DeleteMessage", async || {
            let request = self.client.delete_message().queue_url(&self.url);
            request.receipt_handle(&message.receipt).send().await
        })
        .await
        .map(drop)
    }

    async fn patiently<T, E>(
        &self,
        operation: &'static str,
        call: impl AsyncFn() -> Result<T, SdkError<E>>,
    ) -> Result<T, QueueError>
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        let mut attempt = 1;
        loop {
            let error = match call().await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            let retryable = is_for_now(&error);
            if !retryable || attempt == ATTEMPTS {
                return Err(QueueError {
                    operation,
                    url: self.url.clone(),
                    reason: words(&error),
                    retryable,
                });
            }
            self.clock.pause(PAUSE * 2_u32.pow(attempt - 1)).await;
            attempt += 1;
        }
    }
}

fn seconds(duration: Duration) -> i32 {
    i32::try_from(duration.as_secs()).unwrap_or(i32::MAX)
}

fn is_for_now<E: ProvideErrorMetadata>(error: &SdkError<E>) -> bool {
    match error {
        SdkError::ServiceError(service) => {
            let code = service.err().code();
            service.raw().status().as_u16() >= 500
                || code.is_some_and(|code| LATER.iter().any(|later| code.ends_with(later)))
        }
        // Without credentials, say, no request leaves: that is no matter of time.
        SdkError::DispatchFailure(failure) => failure.is_io() || failure.is_timeout(),
        SdkError::TimeoutError(_) | SdkError::ResponseError(_) => true,
        _ => false,
    }
}

/// What went wrong, without what the SDK would add: the answer, and with it the message.
fn words<E: ProvideErrorMetadata + Error + 'static>(error: &SdkError<E>) -> String {
    if let SdkError::ServiceError(service) = error {
        let error = service.err();
        let code = error.code().unwrap_or("an error without a code");
        return match error.message() {
            Some(message) => format!("{code}: {message}"),
            None => code.to_owned(),
        };
    }
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
