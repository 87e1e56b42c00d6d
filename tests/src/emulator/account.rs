//! The account's owner: clients of the AWS SDK, and the calls of services that the project has no client of.

use std::time::Duration;

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_lambda::config::timeout::TimeoutConfig;
use aws_sdk_lambda::primitives::Blob;
use reqwest::Client;
use serde::Deserialize;
use serde_json::{Value, json};

use super::OWNER;
use super::api::signed;
use super::server::Server;

/// Longer than any function's time-out in the template.
const LONGEST_INVOCATION: Duration = Duration::from_secs(90);

/// The owner of the emulator's account.
#[derive(Debug)]
pub struct Account {
    endpoint: String,
    http: Client,
    /// DynamoDB.
    pub dynamodb: aws_sdk_dynamodb::Client,
    /// SQS.
    pub sqs: aws_sdk_sqs::Client,
    /// SNS.
    pub sns: aws_sdk_sns::Client,
    /// CloudWatch.
    pub cloudwatch: aws_sdk_cloudwatch::Client,
    /// Lambda.
    pub lambda: aws_sdk_lambda::Client,
}

/// One line in CloudWatch Logs.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LogEvent {
    /// The stream it is in.
    pub log_stream_name: String,
    /// The line.
    pub message: String,
}

/// What a function answered.
#[derive(Debug)]
pub struct Invoked {
    /// Whether the answer is an error.
    pub failed: bool,
    /// The answer.
    pub payload: Value,
}

impl Account {
    /// Connects to `server`.
    pub async fn connect(server: &Server) -> Self {
        let (key, secret) = OWNER;
        let credentials = Credentials::new(key, secret, None, None, "emulator");
        let sdk = platform::aws::for_endpoint(&server.endpoint())
            .await
            .into_builder();
        let sdk = sdk
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .build();
        let lambda = aws_sdk_lambda::config::Builder::from(&sdk).timeout_config(
            TimeoutConfig::builder()
                .operation_timeout(LONGEST_INVOCATION)
                .operation_attempt_timeout(LONGEST_INVOCATION)
                .build(),
        );
        Self {
            endpoint: server.endpoint(),
            http: Client::new(),
            dynamodb: aws_sdk_dynamodb::Client::new(&sdk),
            sqs: aws_sdk_sqs::Client::new(&sdk),
            sns: aws_sdk_sns::Client::new(&sdk),
            cloudwatch: aws_sdk_cloudwatch::Client::new(&sdk),
            lambda: aws_sdk_lambda::Client::from_conf(lambda.build()),
        }
    }

    /// Invokes a function and waits for its answer.
    ///
    /// # Panics
    /// When the emulator refuses.
    pub async fn invoke(&self, function: &str, event: &Value) -> Invoked {
        let call = self
            .lambda
            .invoke()
            .function_name(function)
            .payload(Blob::new(event.to_string()));
        let answer = call
            .send()
            .await
            .unwrap_or_else(|error| panic!("{function} cannot be invoked: {error:?}"));
        let payload = answer.payload.map(Blob::into_inner).unwrap_or_default();
        let payload = serde_json::from_slice(&payload)
            .unwrap_or_else(|error| panic!("{function} answered no JSON: {error}"));
        Invoked {
            failed: answer.function_error.is_some(),
            payload,
        }
    }

    /// Everything in a log group.
    ///
    /// # Panics
    /// When the emulator refuses.
    pub async fn log(&self, group: &str) -> Vec<LogEvent> {
        let mut events = Vec::new();
        let mut token = Value::Null;
        loop {
            let mut ask = json!({ "logGroupName": group });
            if token.is_string() {
                ask["nextToken"] = token;
            }
            let mut page = self
                .json("logs", "Logs_20140328.FilterLogEvents", &ask)
                .await;
            let found: Vec<LogEvent> = serde_json::from_value(page["events"].take())
                .unwrap_or_else(|error| panic!("the events of {group}: {error}"));
            events.extend(found);
            token = page["nextToken"].take();
            if !token.is_string() {
                return events;
            }
        }
    }

    /// Calls a service that speaks JSON.
    ///
    /// # Panics
    /// When it refuses.
    pub async fn json(&self, service: &str, target: &str, body: &Value) -> Value {
        let request = self
            .http
            .post(&self.endpoint)
            .header("x-amz-target", target);
        let request = request
            .header("content-type", "application/x-amz-json-1.1")
            .body(body.to_string());
        let text = self.send(service, target, request).await;
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{target}: {error} in {text}"))
    }

    async fn send(&self, service: &str, what: &str, request: reqwest::RequestBuilder) -> String {
        let failed = |error: reqwest::Error| -> ! { panic!("{what} got no answer: {error}") };
        let mut request = request.build().unwrap_or_else(|error| failed(error));
        signed(&mut request, service);
        let response = self
            .http
            .execute(request)
            .await
            .unwrap_or_else(|error| failed(error));
        let status = response.status();
        let text = response.text().await.unwrap_or_else(|error| failed(error));
        assert!(status.is_success(), "{what} was refused: {status} {text}");
        text
    }
}
