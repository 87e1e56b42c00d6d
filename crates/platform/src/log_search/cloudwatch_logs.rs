//! [`LogSearch`] on Amazon CloudWatch Logs.

use async_trait::async_trait;
use aws_sdk_cloudwatchlogs::Client;
use aws_sdk_cloudwatchlogs::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use jiff::Timestamp;

use super::{FoundEvent, LogQuery, LogSearch, LogSearchError};

/// Pages that are read at most. A page without a match is no end: the service stops at a megabyte or at its own scan
/// window and goes on with a token (CloudWatch Logs API reference, `FilterLogEvents`).
pub const PAGES: usize = 5;

/// CloudWatch Logs through the AWS SDK.
#[derive(Debug, Clone)]
pub struct CloudWatchLogs(Client);

impl CloudWatchLogs {
    /// A search that asks through `client`.
    #[must_use]
    pub fn new(client: Client) -> Self {
        Self(client)
    }
}

fn is_retryable<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> bool {
    match error {
        SdkError::ServiceError(service) => matches!(
            service.err().code(),
            Some("ThrottlingException" | "ServiceUnavailableException" | "LimitExceededException")
        ),
        SdkError::ConstructionFailure(_) => false,
        _ => true,
    }
}

impl CloudWatchLogs {
    /// Reads page after page into `found`, which keeps what there is when this future is dropped.
    async fn read(
        &self,
        query: &LogQuery,
        found: &mut Vec<FoundEvent>,
    ) -> Result<(), (String, bool)> {
        let mut token: Option<String> = None;
        for _ in 0..PAGES {
            let pattern = (!query.pattern.is_empty()).then(|| query.pattern.clone());
            let request = self
                .0
                .filter_log_events()
                .log_group_name(&query.log_group)
                .start_time(query.from.as_millisecond())
                // Theirs is included.
                .end_time(query.to.as_millisecond().saturating_sub(1))
                .set_filter_pattern(pattern)
                .set_next_token(token.take())
                .limit(i32::from(query.limit.max(1)));
            let page = request.send().await.map_err(|error| {
                let retryable = is_retryable(&error);
                (DisplayErrorContext(&error).to_string(), retryable)
            })?;
            for event in page.events.unwrap_or_default() {
                let at = event
                    .timestamp
                    .and_then(|at| Timestamp::from_millisecond(at).ok());
                if let (Some(at), Some(message)) = (at, event.message) {
                    found.push(FoundEvent { at, message });
                }
            }
            token = page.next_token.filter(|token| !token.is_empty());
            if found.len() >= usize::from(query.limit) || token.is_none() {
                break;
            }
        }
        Ok(())
    }
}

#[async_trait]
impl LogSearch for CloudWatchLogs {
    async fn find(&self, query: &LogQuery) -> Result<Vec<FoundEvent>, LogSearchError> {
        let mut found = Vec::new();
        let ended = tokio::time::timeout(query.time, self.read(query, &mut found)).await;
        let failed = match ended {
            Ok(Ok(())) => None,
            Ok(Err(failed)) => Some(failed),
            Err(_) => Some((
                format!("no answer within {} ms", query.time.as_millis()),
                true,
            )),
        };
        match failed {
            // What was found until then is enough to look at.
            Some((message, retryable)) if found.is_empty() => Err(LogSearchError {
                log_group: query.log_group.clone(),
                from: query.from,
                to: query.to,
                message,
                retryable,
            }),
            _ => {
                found.truncate(usize::from(query.limit));
                Ok(found)
            }
        }
    }
}

#[cfg(test)]
mod tests;
