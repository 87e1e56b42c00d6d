//! The clients of detector, and nothing else of it.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    bare::run(|sdk| {
        (
            aws_sdk_cloudwatch::Client::new(sdk),
            aws_sdk_dynamodb::Client::new(sdk),
            aws_sdk_sns::Client::new(sdk),
            object_store::aws::AmazonS3Builder::from_env()
                .with_bucket_name("state")
                .build(),
        )
    })
    .await
}
