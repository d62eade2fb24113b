//! Wide events on standard output: JSON lines in CloudWatch's embedded metric format, no call.

use std::io::Write as _;
use std::sync::{Mutex, OnceLock, PoisonError};

use metrique_writer_core::Entry;
use metrique_writer_core::format::Format as _;
use metrique_writer_format_emf::Emf;

use crate::record;

static FUNCTION: OnceLock<String> = OnceLock::new();
static EVENTS: OnceLock<Mutex<Emf>> = OnceLock::new();
/// Of events without metrics, which name none.
static PLAIN: OnceLock<Mutex<Emf>> = OnceLock::new();

/// From here on events are written, in the function's name. Before, and so in tests that start no function, they are not.
pub(crate) fn begin(function: Option<String>) {
    if let Some(function) = function {
        FUNCTION.get_or_init(|| function);
    }
    EVENTS.get_or_init(|| Mutex::new(record::format()));
    PLAIN.get_or_init(|| Mutex::new(record::plain()));
}

pub(crate) fn function() -> Option<&'static str> {
    FUNCTION.get().map(String::as_str)
}

/// What cannot be written must not stop a message.
pub(crate) fn write(event: &impl Entry) {
    write_as(&EVENTS, event);
}

pub(crate) fn write_plain(event: &impl Entry) {
    write_as(&PLAIN, event);
}

fn write_as(format: &OnceLock<Mutex<Emf>>, event: &impl Entry) {
    let Some(events) = format.get() else { return };
    let mut line = Vec::with_capacity(2_048);
    let formatted = events.lock().unwrap_or_else(PoisonError::into_inner).format(event, &mut line);
    match formatted {
        Ok(()) => drop(std::io::stdout().lock().write_all(&line)),
        Err(error) => tracing::error!(%error, "an event could not be written"),
    }
}
