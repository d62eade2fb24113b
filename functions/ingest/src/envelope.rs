use message::SourceEvent;
use serde_json::value::RawValue;

use crate::Refusal;

/// What SQS takes in one message.
pub(crate) const MAX_MESSAGE_BYTES: usize = 1_048_576;

/// The message body for the queue.
pub(crate) fn encode(event: SourceEvent, payload: &RawValue) -> Result<String, Refusal> {
    let mut body = event
        .envelope(payload.to_owned())
        .encode()
        .map_err(|_| Refusal::RequestMalformed("the body must be a JSON object in UTF-8"))?;
    // JSON may hold these two as they are, SQS refuses them: the event could never be queued. Escaped they mean the
    // same, and they can stand in strings only.
    if body.contains(['\u{FFFE}', '\u{FFFF}']) {
        body = body.replace('\u{FFFE}', "\\uFFFE").replace('\u{FFFF}', "\\uFFFF");
    }
    if body.len() > MAX_MESSAGE_BYTES { Err(Refusal::PayloadTooLarge) } else { Ok(body) }
}
