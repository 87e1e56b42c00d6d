//! Which services a recording is of: those of a configuration, and for the rest one for each function or log group.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context;
use detector::watch::{ACCOUNT_GROUP, Service, Watch};
use signals::{Metric, SeriesKey, SeriesName};
use toml::{Table, Value};

use super::recording::Recording;

/// A namespace, its dimension and value that name the function, and the function.
type Named = (String, Option<(String, String)>, String);

/// The dimension that names the service of a metric, unless a configuration says another.
const SERVICE_DIMENSION: &str = "service";

/// What is watched; from now on the recording knows the log group of each of its series.
pub(super) fn watch(configured: Option<Watch>, recording: &mut Recording) -> anyhow::Result<Watch> {
    let services: Vec<Service> = configured
        .as_ref()
        .map_or_else(Vec::new, |watch| watch.services.clone());
    let places = Places::new(&services, recording);
    recording.place(|key| places.of(key));

    let mut series: BTreeMap<String, BTreeSet<&SeriesKey>> = BTreeMap::new();
    for (log_group, keys) in recording.by_log_group() {
        series.entry(log_group.to_owned()).or_default().extend(keys);
    }
    for key in recording.without_log_group() {
        series.entry(places.of(key)).or_default().insert(key);
    }
    let found: Vec<Value> = series
        .iter()
        .filter(|(log_group, _)| *log_group != ACCOUNT_GROUP)
        .filter(|(log_group, _)| {
            !services
                .iter()
                .any(|service| service.log_group == **log_group)
        })
        .map(|(log_group, keys)| Value::Table(service(log_group, keys)))
        .collect();
    if found.is_empty()
        && let Some(watch) = configured
    {
        return Ok(watch);
    }
    let mut file = Table::new();
    for (name, value) in [
        ("environment", "replay"),
        ("region", "eu-west-1"),
        ("account", "000000000000"),
        ("runbooks", "docs/runbooks"),
    ] {
        file.insert(name.to_owned(), value.into());
    }
    file.insert("service".to_owned(), Value::Array(found));
    let mut found = Watch::parse(&toml::to_string(&file)?)
        .context("the services that were found; name them in a file for --config")?;
    Ok(match configured {
        Some(mut watch) => {
            watch.services.append(&mut found.services);
            watch
        }
        None => found,
    })
}

/// Where the series of lines belong, which do not say what log group they are from.
struct Places {
    /// Log groups by function.
    functions: BTreeMap<String, String>,
    /// Log groups by namespace, and by the service that a dimension names.
    namespaces: Vec<Named>,
    /// The one log group that there is, if there is one.
    only: Option<String>,
}

impl Places {
    fn new(services: &[Service], recording: &Recording) -> Self {
        let mut functions: BTreeMap<String, String> = services
            .iter()
            .map(|service| (service.function().to_owned(), service.log_group.clone()))
            .collect();
        for key in recording.without_log_group() {
            if let Some(function) = function(key) {
                functions
                    .entry(function.to_owned())
                    .or_insert_with(|| log_group(function));
            }
        }
        let mut namespaces = Vec::new();
        for service in services {
            let Some(emf) = &service.emf else { continue };
            let named = (emf.service_dimension.clone(), service.name.clone());
            namespaces.push((
                emf.namespace.clone(),
                Some(named),
                service.log_group.clone(),
            ));
        }
        // A series that names none of them belongs to the first that has the namespace.
        for service in services {
            let Some(emf) = &service.emf else { continue };
            namespaces.push((emf.namespace.clone(), None, service.log_group.clone()));
        }
        let mut groups: BTreeSet<String> = functions.values().cloned().collect();
        groups.extend(recording.by_log_group().into_keys().map(str::to_owned));
        let only = groups.pop_first().filter(|_| groups.is_empty());
        Self {
            functions,
            namespaces,
            only,
        }
    }

    fn of(&self, key: &SeriesKey) -> String {
        if let Some(function) = function(key) {
            return self
                .functions
                .get(function)
                .cloned()
                .unwrap_or_else(|| log_group(function));
        }
        let SeriesName::Emf { namespace, .. } = &key.name else {
            return ACCOUNT_GROUP.to_owned();
        };
        let configured = self.namespaces.iter().find(|(of, named, _)| {
            of == namespace
                && named
                    .as_ref()
                    .is_none_or(|(dimension, name)| key.dimensions.get(dimension) == Some(name))
        });
        // Without a configuration, a metric that names a function as its service is that function's.
        let named = || {
            let name = key.dimensions.get(SERVICE_DIMENSION)?;
            self.functions.get(name).cloned()
        };
        configured
            .map(|(.., log_group)| log_group.clone())
            .or_else(named)
            .or_else(|| self.only.clone())
            .unwrap_or_else(|| format!("emf/{namespace}"))
    }
}

/// The function that a series of the platform is of.
fn function(key: &SeriesKey) -> Option<&str> {
    match &key.name {
        SeriesName::Lambda { function, .. } => Some(function),
        SeriesName::Aws { function, .. } => function.as_deref(),
        SeriesName::Emf { .. } => None,
    }
}

/// The log group that a function's name stands for: the reverse of `signals::series::function_of_log_group`.
fn log_group(function: &str) -> String {
    if function.contains('/') {
        function.to_owned()
    } else {
        format!("/aws/lambda/{function}")
    }
}

/// A `[[service]]` for a log group, with its own metrics if they have the names that are watched without being told.
fn service(log_group: &str, keys: &BTreeSet<&SeriesKey>) -> Table {
    let mut service = Table::new();
    let name = signals::series::function_of_log_group(log_group);
    for (field, value) in [
        ("name", name),
        ("log_group", log_group),
        ("owner", "unknown"),
    ] {
        service.insert(field.to_owned(), value.into());
    }
    let watched = [Metric::Latency, Metric::Requests, Metric::Faults];
    let namespace = keys.iter().find_map(|key| match &key.name {
        SeriesName::Emf { namespace, metric }
            if watched.iter().any(|watched| watched.name() == metric)
                && key.dimensions.contains_key(SERVICE_DIMENSION) =>
        {
            Some(namespace)
        }
        _ => None,
    });
    if let Some(namespace) = namespace {
        let mut emf = Table::new();
        emf.insert("namespace".to_owned(), namespace.as_str().into());
        service.insert("emf".to_owned(), Value::Table(emf));
    }
    service
}
