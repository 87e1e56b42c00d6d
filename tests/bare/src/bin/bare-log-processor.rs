//! The clients of log-processor, and nothing else of it.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    bare::run(|sdk| aws_sdk_dynamodb::Client::new(sdk)).await
}
