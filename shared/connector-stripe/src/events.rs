use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use message::{Envelope, Payload, SourceEvent};
use outbound::{
    Budget, CallError, Credential, EventSource, HttpTarget, MAX_EVENTS, Request, Response, too_many,
};
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use crate::wire::{Endpoint, Event, Page};

/// The most that Stripe gives a page of.
const PAGE: &str = "100";
/// What `types[]` takes.
const MAX_TYPES: usize = 20;
/// Endpoints of an account: several times what Stripe allows.
const MAX_ENDPOINTS: usize = 100;

/// An account's own events, not those of accounts that are connected to it.
pub struct StripeEventSource {
    target: HttpTarget,
    credential: Arc<dyn Credential>,
    way: String,
    types: Vec<String>,
}

impl StripeEventSource {
    /// `way` is the name of the webhook's source in `SOURCES`: what an event comes by that names no account. Of `types` alone, in Stripe's
    /// words; of all where there are none.
    pub fn new(
        target: HttpTarget,
        credential: Arc<dyn Credential>,
        way: impl Into<String>,
        types: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        let types = types.into_iter().map(Into::into).collect();
        Self { target, credential, way: way.into(), types }
    }

    async fn page<T: DeserializeOwned>(
        &self,
        request: Request,
        after: Option<&str>,
        budget: &Budget,
    ) -> Result<(Page<T>, Response), CallError> {
        let mut request = request.query("limit", PAGE);
        if let Some(after) = after {
            request = request.query("starting_after", after);
        }
        let request = request.authorization("Bearer", &self.credential.get().await?)?;
        let response = self.target.call(request, budget).await?;
        let page: Page<T> = response.json()?;
        // A list that goes on behind an empty page would never end.
        if page.has_more && page.data.is_empty() { Err(response.unreadable()) } else { Ok((page, response)) }
    }

    /// All pages of a window, the newest event first.
    async fn listed(&self, from: i64, until: i64, budget: &Budget) -> Result<Vec<Event>, CallError> {
        let (mut events, mut after): (Vec<Event>, Option<String>) = (Vec::new(), None);
        loop {
            let (page, response) =
                self.page::<Event>(self.asked(from, until), after.as_deref(), budget).await?;
            after = page.data.last().and_then(|event| Payload::of(event).identifier("id"));
            events.extend(page.data);
            if events.len() > MAX_EVENTS || events.len() == MAX_EVENTS && page.has_more {
                return Err(too_many());
            }
            if !page.has_more {
                return Ok(events);
            }
            if after.is_none() {
                return Err(response.unreadable());
            }
        }
    }

    fn asked(&self, from: i64, until: i64) -> Request {
        let window = Request::get("/v1/events");
        let window = window.query("created[gte]", from.to_string()).query("created[lt]", until.to_string());
        // Beyond what Stripe takes all are read, and left out here.
        let types = self.types.iter().filter(|_| self.types.len() <= MAX_TYPES);
        types.fold(window, |request, kind| request.query("types[]", kind))
    }

    fn is_asked_for(&self, event: &RawValue) -> bool {
        let kind = Payload::of(event).event_type("type");
        // What cannot be read is for the mapping to judge.
        self.types.is_empty() || kind.is_none_or(|kind| self.types.contains(&kind))
    }

    fn envelope(&self, event: Event, asked_at: Timestamp) -> Envelope {
        let told = SourceEvent::of_stripe(&Payload::of(&event), &self.way, asked_at);
        told.envelope(event)
    }
}

#[async_trait]
impl EventSource for StripeEventSource {
    async fn events(
        &self,
        from: Timestamp,
        until: Timestamp,
        budget: &Budget,
    ) -> Result<Vec<Envelope>, CallError> {
        // Stripe dates events by the second.
        let (asked_at, from, until) = (Timestamp::now(), first_second(from), first_second(until));
        let events = if from < until { self.listed(from, until, budget).await? } else { Vec::new() };
        // The newest comes first. What arrives meanwhile is before the first page: the cursor knows nothing of it.
        let events = events.into_iter().rev().filter(|event| self.is_asked_for(event));
        let mut events: Vec<_> = events.map(|event| self.envelope(event, asked_at)).collect();
        events.sort_by_key(|event| event.time);
        Ok(events)
    }

    async fn subscribed(&self, url: &str, budget: &Budget) -> Result<Option<BTreeSet<String>>, CallError> {
        let (mut types, mut seen, mut after): (BTreeSet<String>, usize, Option<String>) = Default::default();
        loop {
            let request = Request::get("/v1/webhook_endpoints");
            let (page, response) = self.page::<Endpoint>(request, after.as_deref(), budget).await?;
            seen += page.data.len();
            after = page.data.last().map(|endpoint| endpoint.id.clone());
            let ours = page.data.into_iter().filter(|it| it.url == url && it.status == "enabled");
            types.extend(ours.flat_map(|endpoint| endpoint.enabled_events));
            if !page.has_more {
                return Ok(Some(types));
            }
            if seen >= MAX_ENDPOINTS {
                return Err(response.unreadable());
            }
        }
    }
}

/// The first whole second that is not before it.
fn first_second(time: Timestamp) -> i64 {
    time.as_second() + i64::from(time.subsec_nanosecond() > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_that_begins_within_a_second_has_none_of_that_second() {
        for (time, second) in [
            ("2026-11-24T10:00:00Z", 1_795_514_400),
            ("2026-11-24T10:00:00.000000001Z", 1_795_514_401),
            ("2026-11-24T10:00:00.999Z", 1_795_514_401),
            ("1969-12-31T23:59:58.5Z", -1),
        ] {
            assert_eq!(first_second(time.parse().unwrap()), second, "{time}");
        }
    }
}
