//! The clients of responder, and nothing else of it.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    bare::run(|sdk| {
        (
            aws_sdk_codedeploy::Client::new(sdk),
            aws_sdk_lambda::Client::new(sdk),
        )
    })
    .await
}
