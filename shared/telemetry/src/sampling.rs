//! Which INFO lines are written: those of one correlation id all or none, so that what is read is whole journeys.

use std::fmt::Debug;
use std::hash::{BuildHasher, Hasher};

use tracing::field::{Field, Visit};
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::{Context, Filter};

/// Levels by target, and how many of a hundred correlation ids leave their INFO lines. Warnings and errors are always written,
/// and so are lines of no correlation id.
#[derive(Clone, Debug)]
pub(crate) struct Sampling {
    pub(crate) levels: Targets,
    pub(crate) percent: u8,
}

impl<S: Subscriber> Filter<S> for Sampling {
    fn enabled(&self, metadata: &Metadata<'_>, context: &Context<'_, S>) -> bool {
        Filter::<S>::enabled(&self.levels, metadata, context)
    }

    /// Or every line that no level lets through would be asked about.
    fn max_level_hint(&self) -> Option<LevelFilter> {
        Filter::<S>::max_level_hint(&self.levels)
    }

    fn event_enabled(&self, event: &Event<'_>, _: &Context<'_, S>) -> bool {
        if self.percent >= 100 || *event.metadata().level() < Level::INFO {
            return true;
        }
        let mut id = CorrelationId::default();
        event.record(&mut id);
        id.0.is_none_or(|id| is_sampled(&id, self.percent))
    }
}

/// The same in every function and process: the hash has a fixed seed.
pub(crate) fn is_sampled(correlation_id: &str, percent: u8) -> bool {
    let mut hasher = foldhash::quality::FixedState::default().build_hasher();
    hasher.write(correlation_id.as_bytes());
    hasher.finish() % 100 < u64::from(percent)
}

#[derive(Default)]
struct CorrelationId(Option<String>);

impl Visit for CorrelationId {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "correlation_id" && !value.is_empty() {
            self.0 = Some(value.to_owned());
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if field.name() == "correlation_id" {
            self.0 = Some(format!("{value:?}").trim_matches('"').to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use tracing_subscriber::Layer;
    use tracing_subscriber::layer::SubscriberExt;

    use super::*;

    #[derive(Clone, Default)]
    struct Seen(Arc<Mutex<Vec<String>>>);

    impl<S: Subscriber> Layer<S> for Seen {
        fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
            let mut id = CorrelationId::default();
            event.record(&mut id);
            let line = format!("{} {}", event.metadata().level(), id.0.unwrap_or_default());
            self.0.lock().unwrap().push(line);
        }
    }

    fn seen(percent: u8, lines: impl FnOnce()) -> Vec<String> {
        let seen = Seen::default();
        let filter = Sampling { levels: Targets::new().with_default(LevelFilter::INFO), percent };
        let subscriber = tracing_subscriber::registry().with(seen.clone().with_filter(filter));
        tracing::subscriber::with_default(subscriber, lines);
        seen.0.lock().unwrap().clone()
    }

    #[test]
    fn all_lines_of_an_id_are_written_or_none_and_warnings_always() {
        let ids: Vec<_> = (0..1_000).map(|number| format!("event-{number}")).collect();
        let lines = || {
            for correlation_id in &ids {
                tracing::info!(correlation_id, "webhook ended");
                tracing::info!(%correlation_id, "target called");
                tracing::warn!(correlation_id, "record ended");
                tracing::debug!(correlation_id, "detail");
            }
            tracing::info!("no id");
        };
        let written = seen(10, lines);
        let of =
            |level: &str, id: &str| written.iter().filter(|line| **line == format!("{level} {id}")).count();
        assert!(ids.iter().all(|id| of("WARN", id) == 1 && [0, 2].contains(&of("INFO", id))));
        let sampled = ids.iter().filter(|id| of("INFO", id) == 2).count();
        assert!((50..200).contains(&sampled), "{sampled} of 1000");
        assert_eq!(of("INFO", ""), 1);
        assert!(!written.iter().any(|line| line.starts_with("DEBUG")));
        assert_eq!(seen(100, lines).len(), 3_001);
        assert_eq!(seen(0, lines).len(), 1_001);
    }

    #[test]
    fn lines_that_no_level_lets_through_cost_no_more_than_without_sampling() {
        let levels = Targets::new().with_default(LevelFilter::INFO).with_target("hyper", Level::WARN);
        let sampling = Sampling { levels, percent: 50 };
        let hint = Filter::<tracing_subscriber::Registry>::max_level_hint(&sampling);
        assert_eq!(hint, Some(LevelFilter::INFO));
    }
}
