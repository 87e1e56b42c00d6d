//! [`Notifier`] on Amazon SNS.

use async_trait::async_trait;
use aws_sdk_sns::Client;
use aws_sdk_sns::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_sdk_sns::operation::publish::PublishError;
use aws_sdk_sns::types::MessageAttributeValue;
use incidents::{Publication, Topic};

use super::{Notifier, NotifyError, Topics};

/// SNS through the AWS SDK.
#[derive(Debug, Clone)]
pub struct Sns {
    client: Client,
    topics: Topics,
}

impl Sns {
    /// A notifier that publishes to `topics`.
    #[must_use]
    pub fn new(client: Client, topics: Topics) -> Self {
        Self { client, topics }
    }

    fn topic(&self, topic: Topic) -> &str {
        match topic {
            Topic::Page => &self.topics.page,
            Topic::Ticket => &self.topics.ticket,
            Topic::Chat => &self.topics.chat,
        }
    }
}

fn is_retryable(error: &SdkError<PublishError>) -> bool {
    match error {
        SdkError::ServiceError(service) => {
            let error = service.err();
            error.is_internal_error_exception()
                || error.is_kms_throttling_exception()
                || matches!(
                    error.code(),
                    Some("Throttled" | "Throttling" | "ThrottlingException")
                )
        }
        SdkError::ConstructionFailure(_) => false,
        _ => true,
    }
}

#[async_trait]
impl Notifier for Sns {
    async fn publish(&self, publication: &Publication) -> Result<String, NotifyError> {
        let topic = self.topic(publication.topic);
        let failed = |message: String, retryable| NotifyError {
            id: publication.id.clone(),
            topic: topic.to_owned(),
            message,
            retryable,
        };
        let mut call = self
            .client
            .publish()
            .topic_arn(topic)
            .subject(&publication.subject)
            .message(&publication.message)
            .set_message_structure(
                publication
                    .message_structure
                    .as_ref()
                    .map(ToString::to_string),
            );
        for (name, value) in &publication.attributes {
            let value = MessageAttributeValue::builder()
                .data_type("String")
                .string_value(value)
                .build();
            call = call.message_attributes(
                name,
                value.map_err(|error| failed(error.to_string(), false))?,
            );
        }
        match call.send().await {
            Ok(receipt) => Ok(receipt.message_id.unwrap_or_default()),
            Err(error) => Err(failed(
                DisplayErrorContext(&error).to_string(),
                is_retryable(&error),
            )),
        }
    }
}
