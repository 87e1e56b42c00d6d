//! The silences that people have set, as a run reads them.

use incidents::silence::{Silence, SilenceStatus};
use jiff::Timestamp;
use platform::state_store::{Notes, StateStoreError};

use crate::Deps;

/// Every silence that this build can read and that is not over at `now`. One that another build wrote, or somebody edited,
/// silences nothing: a page too many is better than one too few.
pub(crate) async fn read(deps: &Deps, now: Timestamp) -> Result<Vec<Silence>, StateStoreError> {
    let notes = deps.state.kept(Notes::Silences).await?;
    Ok(notes
        .iter()
        .filter_map(|(id, body)| {
            Silence::from_json(body)
                .inspect_err(|error| tracing::warn!(id, %error, "a silence is left out"))
                .ok()
        })
        .filter(|silence| silence.status(now) != SilenceStatus::Expired)
        .collect())
}
