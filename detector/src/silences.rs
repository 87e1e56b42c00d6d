//! The silences that people have set, as a run reads them.

use incidents::silence::Silence;
use platform::state_store::{Notes, StateStoreError};

use crate::Deps;

/// Every silence that this build can read. One that another build wrote, or somebody edited, silences nothing: a page too
/// many is better than one too few.
pub(crate) async fn read(deps: &Deps) -> Result<Vec<Silence>, StateStoreError> {
    let bodies = deps.state.kept(Notes::Silences).await?;
    Ok(bodies
        .iter()
        .filter_map(|body| {
            Silence::from_json(body)
                .inspect_err(|error| tracing::warn!(%error, "a silence is left out"))
                .ok()
        })
        .collect())
}
