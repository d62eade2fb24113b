use message::Envelope;
use serde_json::{Map, Value};

use crate::mapping::file::MappingFile;
use crate::mapping::path::{Place, Space, Step};

/// Attributes that an envelope may have.
const ATTRIBUTES: &[&str] = &[
    "specversion",
    "id",
    "source",
    "type",
    "time",
    "datacontenttype",
    "correlationid",
    "deliveryid",
    "sourceversion",
];

/// An envelope for a payload that has none: it names the newest version that the mapping accepts, where the mapping reads it there.
/// `attributes` go before; null takes one away. Its data is null: the payload goes beside it, byte for byte.
pub fn envelope(file: &MappingFile, attributes: &Map<String, Value>) -> Result<Envelope, String> {
    let least = [
        ("specversion", "1.0"),
        ("id", "sample"),
        ("source", "/sample"),
        ("type", "sample"),
        ("time", "2026-01-01T00:00:00Z"),
        ("correlationid", "sample"),
    ];
    let mut all: Map<String, Value> =
        least.map(|(name, value)| (name.to_owned(), value.into())).into_iter().collect();
    if let (Some(name), Some(newest)) = (at_envelope(file), file.accepts.last()) {
        all.insert(name.to_owned(), newest.as_str().into());
    }
    if let Some(name) = attributes.keys().find(|name| !ATTRIBUTES.contains(&name.as_str())) {
        return Err(format!("{name} is no attribute of an envelope: there are {}", ATTRIBUTES.join(", ")));
    }
    all.extend(attributes.clone());
    all.retain(|_, value| !value.is_null());
    all.insert("data".to_owned(), Value::Null);
    Envelope::decode(&Value::Object(all).to_string()).map_err(|error| error.to_string())
}

/// The version of the source's contract that the message says it has; the newest, where messages do not say it.
pub fn version(file: &MappingFile, envelope: &Envelope, payload: &str) -> Option<String> {
    let text = |value: &Value| match value {
        Value::String(text) => Some(text.trim().to_owned()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    let place = file.version_at.as_deref().map(Place::parse);
    match place {
        None => file.accepts.last().cloned(),
        Some(Ok(place)) => {
            let read = match place.space {
                Space::Envelope => serde_json::to_value(envelope).ok()?,
                Space::Payload => serde_json::from_str(payload).ok()?,
                Space::Settings => return None,
            };
            let step = |here: &Value, step: &Step| match step {
                Step::Name(name) => here.get(name).cloned(),
                Step::Index(index) => here.get(index).cloned(),
                Step::Each => None,
            };
            let found = place.steps.iter().try_fold(read, |here, next| step(&here, next));
            found.as_ref().and_then(text)
        }
        Some(Err(_)) => None,
    }
}

fn at_envelope(file: &MappingFile) -> Option<&str> {
    file.version_at.as_deref()?.strip_prefix("@envelope.").filter(|name| ATTRIBUTES.contains(name))
}
