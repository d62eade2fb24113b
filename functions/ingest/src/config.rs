use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::{Map, Value};
use settings::{Problem, Settings, SettingsError};

use crate::envelope::MAX_MESSAGE_BYTES;
use crate::scheme::{self, SCHEMES, Scheme};

const DEFAULT_MAX_BODY_BYTES: usize = 921_600;
/// Room for the envelope's attributes, all of which are bounded.
const MAX_ATTRIBUTE_BYTES: usize = 4_096;
/// In the place of routes.
const BY_FLOW: &str = "flows";
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
    /// The public address of its webhooks, where that is not the one that API Gateway is asked by.
    pub url: Option<String>,
    pub routes: Routes,
}

/// Where a source's events go.
#[derive(Debug)]
pub enum Routes {
    /// Event type as the source names it, to queue URL.
    ByType(BTreeMap<String, String>),
    /// The event's type is the name of a flow; in front of it this makes the URL of its queue.
    ByFlow(String),
}

impl Source {
    /// Nothing where no route leads on from a type. An event whose type cannot be read takes the first route in the alphabet: it is
    /// neither lost nor refused, and a dead letter there.
    pub(crate) fn queue(&self, event_type: Option<&str>) -> Option<Cow<'_, str>> {
        match (&self.routes, event_type) {
            (Routes::ByType(routes), Some(event_type)) => routes.get(event_type).map(Cow::from),
            (Routes::ByType(routes), None) => routes.values().next().map(Cow::from),
            (Routes::ByFlow(prefix), Some(flow)) if is_name(flow) => Some(format!("{prefix}{flow}").into()),
            (Routes::ByFlow(_), _) => None,
        }
    }
}

impl Config {
    pub fn read(lookup: &dyn Fn(&str) -> Option<String>) -> Result<Self, SettingsError> {
        let mut settings = Settings::new(lookup);
        // Without the queues' whole addresses: all variables of a function together may have 4 KB
        // (docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html).
        let prefix = settings.optional("QUEUE_URL_PREFIX");
        if prefix.as_ref().is_some_and(|prefix| !is_url(&format!("{prefix}queue"))) {
            settings.problem("QUEUE_URL_PREFIX", "must be the beginning of the URL of a queue");
        }
        let sources = settings.parsed("SOURCES", |text| read_sources(text, prefix.as_deref()));
        let max_body_bytes = settings.number(
            "MAX_BODY_BYTES",
            DEFAULT_MAX_BODY_BYTES,
            1..=MAX_MESSAGE_BYTES - MAX_ATTRIBUTE_BYTES,
        );
        let timestamp_tolerance_seconds = settings.number(
            "TIMESTAMP_TOLERANCE_SECONDS",
            DEFAULT_TIMESTAMP_TOLERANCE_SECONDS,
            // Beyond an hour it would hardly hinder a replay.
            1..=3_600,
        );
        settings.finish(sources.map(|sources| Self { sources, max_body_bytes, timestamp_tolerance_seconds }))
    }
}

/// Values are not repeated in a problem: one of them could be a secret that was put where its ARN belongs.
fn read_sources(text: &str, prefix: Option<&str>) -> Result<BTreeMap<String, Source>, Vec<Problem>> {
    let entries: Map<String, Value> = serde_json::from_str(text).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        vec![Problem::whole(format!("not a JSON object (line {line}, column {column})"))]
    })?;
    if entries.is_empty() {
        return Err(vec![Problem::whole("at least one source")]);
    }
    let (mut sources, mut problems) = (BTreeMap::new(), Vec::new());
    for (name, entry) in entries {
        let mut reader = SourceReader { name: &name, prefix, problems: &mut problems };
        if !is_name(&name) {
            reader.problem("the name must be 1 to 64 of a-z, 0-9 and -");
        }
        if let Some(source) = reader.read(entry) {
            sources.insert(name, source);
        }
    }
    if problems.is_empty() { Ok(sources) } else { Err(problems) }
}

struct SourceReader<'a> {
    name: &'a str,
    /// Of the URLs of all flows' queues.
    prefix: Option<&'a str>,
    problems: &'a mut Vec<Problem>,
}

impl SourceReader<'_> {
    fn problem(&mut self, text: &str) {
        self.problems.push(Problem { path: format!(".{}", self.name), problem: text.to_owned() });
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
        let url = match entry.remove("url") {
            None => None,
            Some(Value::String(url)) if is_url(&url) => Some(url),
            Some(_) => {
                self.problem("url must be the public address that webhooks are posted to");
                None
            }
        };
        let routes = self.read_routes(entry.remove("routes"));
        for field in entry.keys() {
            self.problem(&format!("unknown field {field}"));
        }
        Some(Source { scheme: scheme?, secret_arn: secret_arn?, url, routes })
    }

    fn read_routes(&mut self, routes: Option<Value>) -> Routes {
        let entries = match (routes, self.prefix) {
            (Some(Value::Object(entries)), _) => entries,
            (Some(Value::String(by)), Some(prefix)) if by == BY_FLOW => {
                return Routes::ByFlow(prefix.to_owned());
            }
            _ => {
                self.problem("routes must be an object from event type to flow");
                return Routes::ByType(BTreeMap::new());
            }
        };
        if entries.is_empty() {
            self.problem("routes: at least one, or every event would be ignored");
        }
        let mut routes = BTreeMap::new();
        for (event_type, queue_url) in entries {
            match (queue_url, self.prefix) {
                (Value::String(url), _) if is_url(&url) => {
                    routes.insert(event_type, url);
                }
                (Value::String(flow), Some(prefix)) if is_name(&flow) => {
                    routes.insert(event_type, format!("{prefix}{flow}"));
                }
                _ => self.problem(&format!(
                    "routes.{event_type} must be the name of a flow, or the URL of a queue"
                )),
            }
        }
        Routes::ByType(routes)
    }
}

/// A source's stands in an address, in `source` and in `type`; a flow's in its queue's.
fn is_name(name: &str) -> bool {
    (1..=64).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

fn is_secret_arn(arn: &str) -> bool {
    let parts: Vec<_> = arn.splitn(7, ':').collect();
    matches!(parts.as_slice(), ["arn", _, "secretsmanager", _, _, "secret", name] if !name.is_empty())
}

fn is_url(url: &str) -> bool {
    url.parse::<http::Uri>().is_ok_and(|uri| {
        matches!(uri.scheme_str(), Some("https" | "http")) && uri.host().is_some() && uri.path().len() > 1
    })
}
