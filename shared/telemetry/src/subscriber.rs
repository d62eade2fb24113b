use std::str::FromStr;

use tracing::Subscriber;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;

use crate::event;
use crate::sampling::Sampling;

/// Installs the JSON subscriber, and has metrics named after the function. `RUST_LOG` holds levels by target (`info,hyper=warn`); what cannot be read there
/// falls back to `info`, because a function that does not start over its log level would be worse. `LOG_SAMPLE_PERCENT`: of how many of a hundred
/// correlation ids INFO lines are written; all where it cannot be read.
pub fn init() {
    let directives = environment("RUST_LOG").unwrap_or_default();
    let levels = Targets::from_str(&directives)
        .ok()
        .filter(|_| !directives.is_empty())
        .unwrap_or_else(|| Targets::new().with_default(LevelFilter::INFO));
    let percent = environment("LOG_SAMPLE_PERCENT").and_then(|text| text.parse().ok()).unwrap_or(100);
    let filter = Sampling { levels, percent };
    std::panic::set_hook(Box::new(panicked));
    // A second call finds the subscriber of the first: both are ours.
    drop(tracing_subscriber::registry().with(json_layer(std::io::stdout).with_filter(filter)).try_init());
    event::begin(environment("AWS_LAMBDA_FUNCTION_NAME"));
}

fn environment(name: &str) -> Option<String> {
    #[expect(clippy::disallowed_methods, reason = "what is needed before settings can be reported")]
    std::env::var(name).ok()
}

/// Where it happened; what a panic says may hold a message's data, and would be no JSON line.
fn panicked(panic: &std::panic::PanicHookInfo<'_>) {
    let location = panic.location().map(ToString::to_string);
    tracing::error!(location, "panicked");
}

/// One flat JSON object a line: `timestamp` (RFC 3339), `level`, `message`, then the event's fields.
pub fn json_layer<S, W>(writer: W) -> impl Layer<S>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
    W: for<'writer> MakeWriter<'writer> + Send + Sync + 'static,
{
    tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_span_list(false)
        .with_writer(writer)
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Captured(Arc<Mutex<Vec<u8>>>);

    impl Write for Captured {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_panic_is_a_line_that_says_where_and_not_what() {
        let captured = Captured::default();
        let writer = captured.clone();
        let subscriber = tracing_subscriber::registry().with(json_layer(move || writer.clone()));
        tracing::subscriber::with_default(subscriber, || {
            let before = std::panic::take_hook();
            std::panic::set_hook(Box::new(panicked));
            drop(std::panic::catch_unwind(|| panic!("canary")));
            std::panic::set_hook(before);
        });
        let line = String::from_utf8(captured.0.lock().unwrap().clone()).unwrap();
        let line: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!((line["level"].as_str(), line["message"].as_str()), (Some("ERROR"), Some("panicked")));
        assert!(line["location"].as_str().unwrap().contains("subscriber.rs"));
        assert!(!line.to_string().contains("canary"));
    }

    #[test]
    fn a_line_has_what_lambda_reads() {
        let captured = Captured::default();
        let writer = captured.clone();
        let subscriber = tracing_subscriber::registry().with(json_layer(move || writer.clone()));
        tracing::subscriber::with_default(subscriber, || tracing::warn!(code = "SPW2001", "record ended"));
        let bytes = captured.0.lock().unwrap().clone();
        let line: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(line["level"], "WARN");
        assert_eq!(line["message"], "record ended");
        assert_eq!(line["code"], "SPW2001");
        let timestamp = line["timestamp"].as_str().unwrap();
        assert!(timestamp.contains('T') && timestamp.ends_with('Z'), "{timestamp}");
    }
}
