use std::collections::BTreeMap;
use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;

use serde_json::{Map, Value};
use thiserror::Error;

use crate::envelope::MAX_MESSAGE_BYTES;
use crate::scheme::{self, SCHEMES, Scheme};

const DEFAULT_MAX_BODY_BYTES: usize = 921_600;
/// Room for the envelope's attributes, all of which are bounded.
const MAX_ATTRIBUTE_BYTES: usize = 4_096;
const DEFAULT_TIMESTAMP_TOLERANCE_SECONDS: u32 = 300;

/// What the function is told by its environment.
#[derive(Debug)]
pub struct Config {
    /// By the name in the webhook's address.
    pub sources: BTreeMap<String, Source>,
    pub max_body_bytes: usize,
    pub timestamp_tolerance_seconds: u32,
}

#[derive(Debug)]
pub struct Source {
    pub scheme: &'static dyn Scheme,
    pub secret_arn: String,
    /// Event type as the source names it, to queue URL.
    pub routes: BTreeMap<String, String>,
}

/// Everything that is wrong with the settings, at once. Values are not repeated: one of them could be a secret that
/// was put where its ARN belongs.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub struct ConfigError {
    pub problems: Vec<String>,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "settings refused: {}", self.problems.join("; "))
    }
}

impl Config {
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let mut problems = Vec::new();
        let sources = read_sources(lookup("SOURCES"), &mut problems);
        let max_body_bytes = read_number(
            &lookup,
            "MAX_BODY_BYTES",
            DEFAULT_MAX_BODY_BYTES,
            1..=MAX_MESSAGE_BYTES - MAX_ATTRIBUTE_BYTES,
            &mut problems,
        );
        let timestamp_tolerance_seconds = read_number(
            &lookup,
            "TIMESTAMP_TOLERANCE_SECONDS",
            DEFAULT_TIMESTAMP_TOLERANCE_SECONDS,
            // Beyond an hour it would hardly hinder a replay.
            1..=3_600,
            &mut problems,
        );
        if problems.is_empty() {
            Ok(Self { sources, max_body_bytes, timestamp_tolerance_seconds })
        } else {
            Err(ConfigError { problems })
        }
    }
}

fn read_number<T: FromStr + PartialOrd + fmt::Display>(
    lookup: impl Fn(&str) -> Option<String>,
    name: &str,
    default: T,
    range: RangeInclusive<T>,
    problems: &mut Vec<String>,
) -> T {
    let Some(text) = lookup(name) else { return default };
    match text.parse() {
        Ok(number) if range.contains(&number) => number,
        _ => {
            problems.push(format!("{name}: a whole number from {} to {}", range.start(), range.end()));
            default
        }
    }
}

fn read_sources(text: Option<String>, problems: &mut Vec<String>) -> BTreeMap<String, Source> {
    let mut sources = BTreeMap::new();
    let Some(text) = text else {
        problems.push("SOURCES: missing".to_owned());
        return sources;
    };
    let entries: Map<String, Value> = match serde_json::from_str(&text) {
        Ok(entries) => entries,
        Err(error) => {
            problems.push(format!(
                "SOURCES: not a JSON object (line {}, column {})",
                error.line(),
                error.column()
            ));
            return sources;
        }
    };
    if entries.is_empty() {
        problems.push("SOURCES: at least one source".to_owned());
    }
    for (name, entry) in entries {
        let mut reader = SourceReader { name: &name, problems };
        if !is_source_name(&name) {
            reader.problem("the name must be 1 to 64 of a-z, 0-9 and -");
        }
        if let Some(source) = reader.read(entry) {
            sources.insert(name, source);
        }
    }
    sources
}

struct SourceReader<'a> {
    name: &'a str,
    problems: &'a mut Vec<String>,
}

impl SourceReader<'_> {
    fn problem(&mut self, text: &str) {
        self.problems.push(format!("SOURCES.{}: {text}", self.name));
    }

    fn read(&mut self, entry: Value) -> Option<Source> {
        let Value::Object(mut entry) = entry else {
            self.problem("must be an object");
            return None;
        };
        let scheme = entry.remove("scheme").as_ref().and_then(Value::as_str).and_then(scheme::by_name);
        if scheme.is_none() {
            let names: Vec<_> = SCHEMES.iter().map(|(name, _)| *name).collect();
            self.problem(&format!("scheme must be one of {}", names.join(", ")));
        }
        let secret_arn = match entry.remove("secret_arn") {
            Some(Value::String(arn)) if is_secret_arn(&arn) => Some(arn),
            _ => {
                self.problem("secret_arn must be the ARN of a secret");
                None
            }
        };
        let routes = self.read_routes(entry.remove("routes"));
        for field in entry.keys() {
            self.problem(&format!("unknown field {field}"));
        }
        Some(Source { scheme: scheme?, secret_arn: secret_arn?, routes })
    }

    fn read_routes(&mut self, routes: Option<Value>) -> BTreeMap<String, String> {
        let Some(Value::Object(entries)) = routes else {
            self.problem("routes must be an object from event type to queue URL");
            return BTreeMap::new();
        };
        if entries.is_empty() {
            self.problem("routes: at least one, or every event would be ignored");
        }
        let mut routes = BTreeMap::new();
        for (event_type, queue_url) in entries {
            match queue_url {
                Value::String(url) if is_queue_url(&url) => {
                    routes.insert(event_type, url);
                }
                _ => self.problem(&format!("routes.{event_type} must be the URL of a queue")),
            }
        }
        routes
    }
}

/// The name stands in an address, in `source` and in `type`.
fn is_source_name(name: &str) -> bool {
    (1..=64).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

fn is_secret_arn(arn: &str) -> bool {
    let parts: Vec<_> = arn.splitn(7, ':').collect();
    matches!(parts.as_slice(), ["arn", _, "secretsmanager", _, _, "secret", name] if !name.is_empty())
}

fn is_queue_url(url: &str) -> bool {
    url.parse::<http::Uri>().is_ok_and(|uri| {
        matches!(uri.scheme_str(), Some("https" | "http")) && uri.host().is_some() && uri.path().len() > 1
    })
}
