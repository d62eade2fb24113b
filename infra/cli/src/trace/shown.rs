//! A journey as the operator's page shows it.

use async_trait::async_trait;
use page::{Held, Step};

use super::{Journey, Journeys};

#[async_trait]
impl page::Journeys for Journeys {
    async fn follow(&self, correlation_id: &str, days: u16) -> Result<page::Journey, String> {
        let journey = Self::follow(self, correlation_id, days).await;
        journey.map(|journey| shown(&journey)).map_err(|error| format!("{error:#}"))
    }
}

fn shown(journey: &Journey) -> page::Journey {
    let step = |[when, function, what, how]: [String; 4]| Step { when, function, what, how };
    let held = |[state, operation, what]: [String; 3]| Held { state, operation, what };
    page::Journey {
        steps: journey.steps().into_iter().map(step).collect(),
        ledger: journey.held().into_iter().map(held).collect(),
        last_call: journey.last_call(),
        end: journey.end(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::journey::{Ledger, Line};
    use super::*;

    #[test]
    fn the_page_is_told_what_the_command_says() {
        let called = json!({
            "timestamp": "2026-11-29T05:00:02Z", "message": "target called", "target_system": "tryton", "method": "POST",
            "status": 422, "elapsed_ms": 80
        });
        let refused = json!({
            "timestamp": "2026-11-29T05:00:03Z", "message": "record ended", "disposition": "Reject", "code": "SPW4009",
            "operation": "1:a"
        });
        let line = |fields| Line::new("/aws/lambda/shop-orders-to-inventory", fields);
        let mut journey = Journey::of(vec![line(refused), line(called)]);
        journey.ledger.push(Ledger::of("1:a", None, "2026-11-29T06:00:00Z".parse().unwrap()));
        let shown = shown(&journey);
        let answer = journey.answer("event-1");
        assert_eq!(shown.steps.len(), 2);
        for Step { when, function, what, how } in &shown.steps {
            for text in [when, function, what, how] {
                assert!(answer.text.contains(text.as_str()), "{text} in {}", answer.text);
            }
        }
        assert_eq!(shown.last_call, Some(("tryton POST".to_owned(), "status 422, 80 ms".to_owned())));
        assert_eq!(shown.ledger.iter().map(|held| held.state.as_str()).collect::<Vec<_>>(), ["not there"]);
        assert!(!shown.end.0 && answer.text.ends_with(&shown.end.1), "{}", answer.text);
    }
}
