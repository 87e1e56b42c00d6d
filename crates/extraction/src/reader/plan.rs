//! What a learned document means: which slots are metrics, dimensions, measures of a report.

use signals::SeriesKey;
use signals::emf::Object;

/// Dimension names of one set, as the reference has them at most.
pub(super) const MAX_DIMENSIONS: usize = 30;
/// Groups of one document.
const MAX_GROUPS: usize = 32;
/// Metrics of all groups.
const MAX_DATA: usize = 512;

/// One directive with one of its dimension sets: names only.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Group {
    pub(super) namespace: String,
    pub(super) dimensions: Vec<String>,
    pub(super) metrics: Vec<String>,
}

impl Group {
    /// Bytes of memory that it takes.
    pub(super) fn bytes(&self) -> usize {
        let names = self.dimensions.iter().chain(&self.metrics);
        size_of::<Self>()
            + self.namespace.len()
            + names
                .map(|name| size_of::<String>() + name.len())
                .sum::<usize>()
    }

    /// The name of one of its series.
    pub(super) fn key(&self, metric: usize, values: &[&[u8]]) -> SeriesKey {
        // The text was checked to be UTF-8, and strings end at ASCII characters.
        let values = values
            .iter()
            .map(|value| std::str::from_utf8(value).unwrap_or_default());
        let metric = self.metrics.get(metric).map_or("", String::as_str);
        SeriesKey::emf(
            &self.namespace,
            metric,
            self.dimensions.iter().map(String::as_str).zip(values),
        )
    }
}

/// The groups of a `CloudWatchMetrics` array, in the order in which their data come. `None` for anything odd: whether it
/// is right is not decided here, but by comparing with the reference.
pub(super) fn groups(metadata: &Object<'_>) -> Option<Vec<Group>> {
    let directives: Vec<serde_json::Value> =
        serde_json::from_str(metadata.get("CloudWatchMetrics")?.get()).ok()?;
    let mut groups = Vec::new();
    let mut data = 0;
    for directive in &directives {
        let text = |value: &serde_json::Value| value.as_str().map(ToOwned::to_owned);
        let names = directive.get("Metrics")?.as_array()?.iter();
        let metrics: Vec<_> = names
            .map(|metric| text(metric.get("Name")?))
            .collect::<Option<_>>()?;
        for set in directive.get("Dimensions")?.as_array()? {
            let dimensions: Vec<_> = set.as_array()?.iter().map(text).collect::<Option<_>>()?;
            data += metrics.len();
            if dimensions.len() > MAX_DIMENSIONS || groups.len() == MAX_GROUPS || data > MAX_DATA {
                return None;
            }
            groups.push(Group {
                namespace: text(directive.get("Namespace")?)?,
                dimensions,
                metrics: metrics.clone(),
            });
        }
    }
    Some(groups)
}
