//! The silences that people have set, as a run reads them.

use incidents::silence::Silence;
use platform::state_store::Notes;

use crate::Deps;

/// Every silence that this build can read. A store that does not answer silences nothing: a page too many is better than
/// one too few, and so is it with a silence that another build wrote.
pub(crate) async fn read(deps: &Deps) -> Vec<Silence> {
    let bodies = match deps.state.kept(Notes::Silences).await {
        Ok(bodies) => bodies,
        Err(error) => {
            tracing::warn!(%error, "the silences cannot be read: nothing is silenced in this run");
            return Vec::new();
        }
    };
    bodies
        .iter()
        .filter_map(|body| {
            Silence::from_json(body)
                .inspect_err(|error| tracing::warn!(%error, "a silence is left out"))
                .ok()
        })
        .collect()
}
