use platform::clock::ManualClock;

use super::*;

#[test]
fn the_host_says_what_is_signed_for() {
    for (url, expected) in [
        (
            "https://a1b2.execute-api.eu-west-1.amazonaws.com/prod",
            Some(("execute-api", "eu-west-1")),
        ),
        (
            "https://abc.lambda-url.us-east-1.on.aws/",
            Some(("lambda", "us-east-1")),
        ),
        ("https://cars.example.com", None),
        ("https://s3.eu-west-1.amazonaws.com", None),
    ] {
        let found = scope(&url.parse().unwrap());
        let found = found
            .as_ref()
            .map(|(service, region)| (*service, region.as_str()));
        assert_eq!(found, expected, "{url}");
    }
}

#[tokio::test]
async fn a_request_is_signed_with_date_scope_and_token_and_shows_no_secret() {
    let credentials = Credentials::new("AKID", "hidden", Some("token".to_owned()), None, "test");
    let signer = Signer {
        provider: SharedCredentialsProvider::new(credentials),
        current: Mutex::new(None),
        region: "eu-west-1".to_owned(),
        service: "execute-api",
        clock: Arc::new(ManualClock::at("2026-11-20T10:00:00Z".parse().unwrap())),
    };
    let url = "https://a1b2.execute-api.eu-west-1.amazonaws.com/prod/cars";
    let mut request = reqwest::Client::new().post(url).body("{}").build().unwrap();
    signer.sign(&mut request).await.unwrap();
    let header = |name: &str| request.headers()[name].to_str().unwrap().to_owned();
    assert_eq!(header("x-amz-date"), "20261120T100000Z");
    assert_eq!(header("x-amz-security-token"), "token");
    let authorization = header("authorization");
    let scope = "AWS4-HMAC-SHA256 Credential=AKID/20261120/eu-west-1/execute-api/aws4_request, SignedHeaders=";
    assert!(authorization.starts_with(scope), "{authorization}");
    assert!(!format!("{request:?}{signer:?}").contains("hidden"));
}
