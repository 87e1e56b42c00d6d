//! What a template creates, counted: functions with their memory, alarms, boards, keys.

use cfn::{EvaluateError, Resource, Stack, Template};
use serde_json::Value;

/// One function.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Function {
    /// Its logical id.
    pub(crate) id: String,
    /// Memory, MB.
    pub(crate) memory_mb: f64,
    /// Whether it runs on arm64.
    pub(crate) arm: bool,
    /// Reserved concurrency; 0 when it has none.
    pub(crate) reserved: f64,
    /// Provisioned concurrency; 0 when it has none.
    pub(crate) provisioned: f64,
}

/// What is created.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Inventory {
    pub(crate) functions: Vec<Function>,
    /// Metrics that alarms refer to: what alarms are billed by.
    pub(crate) alarm_metrics: usize,
    pub(crate) alarms: usize,
    pub(crate) dashboards: usize,
    pub(crate) subscriptions: usize,
    pub(crate) apis: usize,
    pub(crate) keys: usize,
    pub(crate) secrets: usize,
    pub(crate) event_sources: usize,
    pub(crate) schedules: usize,
    /// Resources of every kind, before SAM adds its own.
    pub(crate) resources: usize,
    /// Parameters of the template.
    pub(crate) parameters: usize,
    /// Bytes of the template.
    pub(crate) template_bytes: usize,
}

impl Inventory {
    /// Counts what is created with these values of the parameters; `text` is the template as it is stored.
    ///
    /// # Errors
    /// A condition or a size that cannot be evaluated.
    pub(crate) fn of(
        template: &Template,
        stack: &Stack<'_>,
        text: &str,
    ) -> Result<Self, EvaluateError> {
        let mut all = Self {
            parameters: template.section("Parameters").count(),
            template_bytes: text.len(),
            ..Self::default()
        };
        let shared = template
            .root()
            .get("Globals")
            .map(|globals| &globals["Function"]);
        for resource in template.resources() {
            if let Some(condition) = resource.body()["Condition"].as_str()
                && !stack.holds(condition)?
            {
                continue;
            }
            all.resources += 1;
            match resource.kind {
                "AWS::Serverless::Function" => {
                    all.functions.push(function(resource, shared, stack)?)
                }
                "AWS::CloudWatch::Alarm" => {
                    all.alarms += 1;
                    all.alarm_metrics += metrics_of(resource);
                }
                "AWS::CloudWatch::Dashboard" => all.dashboards += 1,
                "AWS::Logs::SubscriptionFilter" => all.subscriptions += 1,
                "AWS::ApiGatewayV2::Api" | "AWS::Serverless::HttpApi" => all.apis += 1,
                "AWS::Lambda::EventSourceMapping" => all.event_sources += 1,
                "AWS::KMS::Key" => all.keys += 1,
                "AWS::SecretsManager::Secret" => all.secrets += 1,
                "AWS::Scheduler::Schedule" => all.schedules += 1,
                _ => {}
            }
        }
        Ok(all)
    }

    /// A function by its logical id.
    pub(crate) fn function(&self, id: &str) -> Option<&Function> {
        self.functions.iter().find(|function| function.id == id)
    }
}

fn function(
    resource: Resource<'_>,
    shared: Option<&Value>,
    stack: &Stack<'_>,
) -> Result<Function, EvaluateError> {
    let own = |pointer: &str| -> Result<Option<Value>, EvaluateError> {
        let value = resource
            .property(pointer)
            .or_else(|| shared?.pointer(pointer));
        Ok(value.map(|value| stack.value(value)).transpose()?.flatten())
    };
    let number_of = |pointer: &str| Ok(own(pointer)?.as_ref().and_then(number));
    let provisioned = own("/ProvisionedConcurrencyConfig")?.unwrap_or_default();
    Ok(Function {
        id: resource.id.to_owned(),
        // Lambda's default (AWS::Serverless::Function, MemorySize).
        memory_mb: number_of("/MemorySize")?.unwrap_or(128.0),
        arm: own("/Architectures")?.unwrap_or_default()[0] == "arm64",
        reserved: number_of("/ReservedConcurrentExecutions")?.unwrap_or(0.0),
        provisioned: number(&provisioned["ProvisionedConcurrentExecutions"]).unwrap_or(0.0),
    })
}

/// An alarm is billed by the metrics it refers to; expressions are free (Amazon CloudWatch pricing, November 2026).
fn metrics_of(alarm: Resource<'_>) -> usize {
    match alarm.property("/Metrics").and_then(Value::as_array) {
        Some(metrics) => metrics
            .iter()
            .filter(|metric| metric.get("MetricStat").is_some())
            .count(),
        None => 1,
    }
}

/// Parameters are texts, also those that are numbers.
fn number(value: &Value) -> Option<f64> {
    value.as_f64().or_else(|| value.as_str()?.parse().ok())
}
