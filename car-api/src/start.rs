//! How the function starts: logging, configuration, connections.

use std::sync::Arc;

use platform::clock::SystemClock;
use platform::config::{Reader, Vars};
use platform::emit::Writer;
use platform::logging::{self, Level};

use crate::events::eventbridge;
use crate::{Deps, Service, Settings, refuse_to_start, settings};

/// Sets everything up as the environment says; none, when it says something wrong: that is reported then.
pub async fn start(vars: &dyn Vars) -> Option<Service> {
    let (clock, emitter) = (Arc::new(SystemClock), Arc::new(Writer::stdout()));
    let level = Level::read(&mut Reader::new(vars));
    logging::init(
        emitter.clone(),
        clock.clone(),
        &settings::identity(vars),
        &level,
    );
    match Settings::read(vars) {
        Ok(settings) => {
            let aws = platform::aws::from_environment().await;
            tokio::join!(platform::dynamodb::warm(&aws), eventbridge::warm(&aws));
            Some(Service::new(Deps::connect(settings, &aws, clock, emitter)))
        }
        Err(errors) => {
            refuse_to_start(&errors, vars, clock.as_ref(), emitter);
            None
        }
    }
}
