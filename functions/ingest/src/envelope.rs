use message::{Envelope, JSON_CONTENT_TYPE, SPEC_VERSION};
use serde_json::value::RawValue;

use crate::Refusal;
use crate::scheme::Event;

/// What SQS takes in one message.
pub(crate) const MAX_MESSAGE_BYTES: usize = 1_048_576;

/// The message body for the queue.
pub(crate) fn encode(event: Event, payload: &RawValue) -> Result<String, Refusal> {
    let envelope = Envelope {
        specversion: SPEC_VERSION.to_owned(),
        correlationid: event.id.clone(),
        id: event.id,
        source: event.source,
        event_type: event.event_type,
        time: event.time,
        datacontenttype: Some(JSON_CONTENT_TYPE.to_owned()),
        deliveryid: event.delivery_id,
        sourceversion: event.source_version,
        mappingversion: None,
        data: payload.to_owned(),
    };
    let mut body = envelope
        .encode()
        .map_err(|_| Refusal::RequestMalformed("the body must be a JSON object in UTF-8"))?;
    // JSON may hold these two as they are, SQS refuses them: the event could never be queued. Escaped they mean the
    // same, and they can stand in strings only.
    if body.contains(['\u{FFFE}', '\u{FFFF}']) {
        body = body.replace('\u{FFFE}', "\\uFFFE").replace('\u{FFFF}', "\\uFFFF");
    }
    if body.len() > MAX_MESSAGE_BYTES { Err(Refusal::PayloadTooLarge) } else { Ok(body) }
}
