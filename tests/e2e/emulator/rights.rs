//! That the policies are evaluated: a run in which everything is permitted would prove nothing about them.

use aws_sdk_lambda::types::Environment;
use e2e::subscription::{document, event};
use log_processor::settings::SERIES_TABLE;
use platform::clock::{Clock, SystemClock};

use super::World;

/// The one queue that keeps its policy here: everything else speaks plain HTTP to the emulator.
pub(super) async fn a_queue_refuses_plain_http(world: &World) {
    let queues = world
        .account
        .sqs
        .list_queues()
        .send()
        .await
        .unwrap()
        .queue_urls
        .unwrap();
    let queue = queues
        .iter()
        .find(|url| url.contains("ScheduleDeadLetters"))
        .unwrap();
    let refused = world
        .account
        .sqs
        .receive_message()
        .queue_url(queue)
        .send()
        .await
        .unwrap_err();
    assert!(
        format!("{refused:?}").contains("AccessDenied"),
        "{refused:?}"
    );
}

/// The last step: log-processor is told the name of a table that its role does not name.
pub(super) async fn a_role_lets_its_function_write_to_its_own_table_alone(world: &World) {
    let (lambda, function) = (
        &world.account.lambda,
        world.outputs.get("LogProcessorFunction"),
    );
    let line = "REPORT RequestId: 1\tDuration: 5.00 ms\tBilled Duration: 5 ms\tMemory Size: 128 MB\tMax Memory Used: 20 MB";
    let millis = SystemClock.now().as_millisecond();
    let batch = event(&document("/aws/lambda/another", millis, &[line.to_owned()]));
    let own = world.account.invoke(function, &batch).await;
    assert_eq!(
        (own.failed, &own.payload["items_written"]),
        (false, &1.into()),
        "{own:?}"
    );

    let configuration = lambda.get_function_configuration().function_name(function);
    let configuration = configuration.send().await.unwrap();
    let mut variables = configuration.environment.unwrap().variables.unwrap();
    let another = world.outputs.get("StateTableName").to_owned();
    variables.insert(SERIES_TABLE.to_owned(), another.clone());
    let environment = Environment::builder()
        .set_variables(Some(variables))
        .build();
    let update = lambda
        .update_function_configuration()
        .function_name(function);
    update.environment(environment).send().await.unwrap();
    let refused = world.account.invoke(function, &batch).await;
    let said = refused.payload["errorMessage"].as_str().unwrap_or_default();
    assert!(
        refused.failed && said.contains(&another) && said.contains("AccessDenied"),
        "{refused:?}"
    );
}
