//! What AWS asks: a dated file, because prices are data and age.

use serde::Deserialize;

/// The list prices that ship with the project: `deploy/prices.toml`.
pub(crate) const SHIPPED: &str = include_str!("../../../deploy/prices.toml");

macro_rules! tables {
    ($($(#[$doc:meta])* $table:ident { $($(#[$field_doc:meta])* $field:ident),* $(,)? })*) => {
        $(
            $(#[$doc])*
            #[derive(Debug, Clone, Deserialize)]
            #[serde(deny_unknown_fields)]
            pub struct $table { $($(#[$field_doc])* pub $field: f64),* }

            impl $table {
                fn problems(&self, table: &str) -> Vec<String> {
                    let all = [$((stringify!($field), self.$field)),*];
                    let wrong = all.into_iter().filter(|(_, price)| !(price.is_finite() && *price >= 0.0));
                    wrong.map(|(name, price)| format!("{table}.{name} is {price}: write a price of 0 or more")).collect()
                }
            }
        )*
    };
}

tables! {
    /// AWS Lambda, US dollars.
    Lambda {
        /// A million invocations.
        million_requests,
        /// A gigabyte-second on arm64.
        gb_second_arm64,
        /// A gigabyte-second on x86-64.
        gb_second_x86_64,
        /// A gigabyte-second of provisioned concurrency on arm64, used or not.
        provisioned_gb_second_arm64,
        /// A gigabyte-second of provisioned concurrency on x86-64, used or not.
        provisioned_gb_second_x86_64,
    }
    /// API Gateway, US dollars.
    ApiGateway {
        /// A million requests to an HTTP API.
        million_requests,
    }
    /// DynamoDB on demand, US dollars.
    DynamoDb {
        /// A million write units, of 1 KB each.
        million_write_units,
        /// A million read units, of 4 KB each.
        million_read_units,
        /// A gigabyte stored for a month.
        storage_gb_month,
        /// A gigabyte under point-in-time recovery for a month.
        recovery_gb_month,
    }
    /// CloudWatch and its logs, US dollars.
    CloudWatch {
        /// A custom metric for a month.
        metric_month,
        /// A metric that an alarm refers to, for a month.
        alarm_metric_month,
        /// A dashboard for a month.
        dashboard_month,
        /// A thousand metrics asked by `GetMetricData`.
        thousand_metrics_read,
        /// A gigabyte of log lines taken in.
        logs_gb_in,
        /// A gigabyte of log lines kept for a month.
        logs_gb_month,
    }
    /// X-Ray, US dollars.
    XRay {
        /// A million traces recorded.
        million_traces,
    }
    /// EventBridge, US dollars.
    EventBridge {
        /// A million custom events.
        million_events,
        /// A million invocations by the Scheduler.
        million_schedule_invocations,
    }
    /// SQS, US dollars.
    Sqs {
        /// A million requests to standard queues.
        million_requests,
    }
    /// SNS, US dollars.
    Sns {
        /// A million publications.
        million_publishes,
        /// A hundred thousand e-mails.
        hundred_thousand_mails,
    }
    /// KMS, US dollars.
    Kms {
        /// A key of one's own for a month.
        key_month,
    }
    /// Secrets Manager, US dollars.
    SecretsManager {
        /// A secret kept for a month.
        secret_month,
    }
    /// S3 Standard, US dollars.
    S3 {
        /// A thousand writes.
        thousand_puts,
        /// A thousand reads.
        thousand_gets,
        /// A gigabyte kept for a month.
        storage_gb_month,
    }
}

/// The prices of one region on one day.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Prices {
    /// The day they were read, `YYYY-MM-DD`.
    pub as_of: jiff::civil::Date,
    /// The region's code.
    pub region: String,
    /// AWS Lambda.
    pub lambda: Lambda,
    /// API Gateway.
    pub api_gateway: ApiGateway,
    /// DynamoDB.
    pub dynamodb: DynamoDb,
    /// CloudWatch.
    pub cloudwatch: CloudWatch,
    /// X-Ray.
    pub xray: XRay,
    /// EventBridge.
    pub eventbridge: EventBridge,
    /// SQS.
    pub sqs: Sqs,
    /// SNS.
    pub sns: Sns,
    /// KMS.
    pub kms: Kms,
    /// Secrets Manager.
    pub secrets_manager: SecretsManager,
    /// S3.
    pub s3: S3,
}

impl Prices {
    /// Reads the text of a price file.
    ///
    /// # Errors
    /// A text that is not TOML of this shape, with its line, or every price that is none.
    pub fn parse(text: &str) -> anyhow::Result<Self> {
        let prices: Self = toml::from_str(text)?;
        let problems = [
            prices.lambda.problems("lambda"),
            prices.api_gateway.problems("api_gateway"),
            prices.dynamodb.problems("dynamodb"),
            prices.cloudwatch.problems("cloudwatch"),
            prices.xray.problems("xray"),
            prices.eventbridge.problems("eventbridge"),
            prices.sqs.problems("sqs"),
            prices.sns.problems("sns"),
            prices.kms.problems("kms"),
            prices.secrets_manager.problems("secrets_manager"),
            prices.s3.problems("s3"),
        ]
        .concat();
        anyhow::ensure!(problems.is_empty(), "{}", problems.join("; "));
        Ok(prices)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_prices_are_dated_and_complete() {
        let prices = Prices::parse(SHIPPED).unwrap();
        assert_eq!(prices.as_of.to_string(), "2026-11-21");
        assert!(prices.lambda.gb_second_arm64 < prices.lambda.gb_second_x86_64);
    }

    #[test]
    fn a_wrong_price_is_named_with_its_value() {
        for (from, to, parts) in [
            (
                "million_events = 1.00",
                "million_events = -1",
                vec!["eventbridge.million_events is -1"],
            ),
            (
                "metric_month = 0.30",
                "metric_month = nan",
                vec!["cloudwatch.metric_month is NaN"],
            ),
            (
                "metric_month = 0.30",
                "metric_mnth = 0.30",
                vec!["metric_mnth"],
            ),
            (
                "as_of = \"2026-11-21\"",
                "as_of = \"yesterday\"",
                vec!["as_of"],
            ),
            ("logs_gb_in = 0.50", "", vec!["logs_gb_in"]),
        ] {
            let error = Prices::parse(&SHIPPED.replacen(from, to, 1))
                .unwrap_err()
                .to_string();
            assert!(parts.iter().all(|part| error.contains(part)), "{error}");
        }
    }
}
