//! What has happened to a letter's event so far. The page knows neither logs nor ledger: whoever serves it reads them.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::watch;
use tokio::time::timeout;

/// How many days back the logs are read: as long as SQS keeps a letter at most.
pub const JOURNEY_DAYS: u16 = 14;
/// A shorter id is in every line.
const SHORTEST_EVENT: usize = 3;
/// The page waits for the logs no longer; the command does.
const LONGEST_READ: Duration = Duration::from_secs(120);
/// Letters whose events are remembered.
const MOST_REMEMBERED: usize = 200;

/// Where journeys are read.
#[async_trait]
pub trait Journeys: Send + Sync {
    /// Of the event with this correlation id, in the logs of so many days; or why it cannot be read, in words. May be dropped half way.
    async fn follow(&self, correlation_id: &str, days: u16) -> Result<Journey, String>;
}

/// Every text of it may be of somebody's making: a source's, a target's.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Journey {
    /// In their order. None: no line of the functions has the event.
    pub steps: Vec<Step>,
    pub ledger: Vec<Held>,
    /// What the target said last: which call that was, and how it was answered.
    pub last_call: Option<(String, String)>,
    /// Whether every message of it has ended well, and in words.
    pub end: (bool, String),
}

/// A line that a function has logged.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Step {
    /// RFC 3339.
    pub when: String,
    pub function: String,
    pub what: String,
    pub how: String,
}

/// What the ledger holds of an operation.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Held {
    pub state: String,
    pub operation: String,
    pub what: String,
}

/// Reads journeys for the pages, one at a time: CloudWatch Logs takes few requests a second, of all who ask.
pub(crate) struct Reader {
    journeys: Arc<dyn Journeys>,
    reading: tokio::sync::Mutex<()>,
    /// The event of each letter that was shown, the newest last: flow, id, correlation id.
    shown: Mutex<VecDeque<(String, String, String)>>,
    ended: watch::Sender<bool>,
}

impl Reader {
    pub(crate) fn new(journeys: Arc<dyn Journeys>) -> Self {
        Self {
            journeys,
            reading: tokio::sync::Mutex::default(),
            shown: Mutex::default(),
            ended: watch::Sender::new(false),
        }
    }

    /// A letter is shown: whoever asks for its journey then need not receive it again.
    pub(crate) fn remember(&self, flow: &str, id: &str, event: &str) {
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        shown.retain(|(of, known, _)| of != flow || known != id);
        if shown.len() >= MOST_REMEMBERED {
            shown.pop_front();
        }
        shown.push_back((flow.to_owned(), id.to_owned(), event.to_owned()));
    }

    /// Of a letter that was shown: no id that somebody makes up is looked for in the logs.
    pub(crate) fn event(&self, flow: &str, id: &str) -> Option<String> {
        let shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        let found = shown.iter().find(|(of, known, _)| of == flow && known == id);
        found.map(|(_, _, event)| event.clone())
    }

    /// `None`: no correlation id is known, by which logs could be searched.
    pub(crate) async fn read(&self, event: &str) -> Result<Option<Journey>, String> {
        if event.trim().len() < SHORTEST_EVENT {
            return Ok(None);
        }
        let mut ended = self.ended.subscribe();
        let read = timeout(LONGEST_READ, async {
            let _reading = self.reading.lock().await;
            self.journeys.follow(event, JOURNEY_DAYS).await
        });
        tokio::select! {
            read = read => read.unwrap_or_else(|_| Err(format!(
                "reading the logs took longer than {} seconds; spillway trace waits for them", LONGEST_READ.as_secs()
            ))).map(Some),
            _ = ended.wait_for(|ended| *ended) => Err("the page is ending".to_owned()),
        }
    }

    pub(crate) fn end(&self) {
        self.ended.send_replace(true);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Logs that never answer.
    struct Silent;

    #[async_trait]
    impl Journeys for Silent {
        async fn follow(&self, _: &str, _: u16) -> Result<Journey, String> {
            std::future::pending().await
        }
    }

    #[tokio::test(start_paused = true)]
    async fn logs_that_do_not_answer_are_not_waited_for_without_end() {
        let reader = Reader::new(Arc::new(Silent));
        let said = reader.read("evt-1").await.unwrap_err();
        assert!(said.contains("longer than 120 seconds"), "{said}");
    }

    #[tokio::test]
    async fn a_page_that_ends_waits_for_no_logs() {
        let reader = Reader::new(Arc::new(Silent));
        reader.end();
        assert_eq!(reader.read("evt-1").await, Err("the page is ending".to_owned()));
    }

    #[test]
    fn letters_that_were_shown_last_are_remembered() {
        let reader = Reader::new(Arc::new(Silent));
        for number in 0..=MOST_REMEMBERED {
            reader.remember("orders", &number.to_string(), &format!("evt-{number}"));
        }
        reader.remember("orders", "1", "evt-of-1");
        assert_eq!((reader.event("orders", "0"), reader.event("shipping", "2")), (None, None));
        assert_eq!(reader.event("orders", "1").as_deref(), Some("evt-of-1"));
        assert_eq!(reader.event("orders", "2").as_deref(), Some("evt-2"));
    }
}
