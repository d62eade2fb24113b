use aws::{SecretSlice, Secrets, Versions};
use aws_lambda_events::apigw::{ApiGatewayV2httpRequest, ApiGatewayV2httpResponse};
use futures::future::join_all;
use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use jiff::Timestamp;

use crate::config::{Config, Source};
use crate::outcome::{Acceptance, Queued, Trail};
use crate::scheme::{Claim, Delivery, Window};
use crate::{EventSink, Refusal, SinkError, body, envelope};

/// The path parameter of `POST /webhooks/{source}`.
const SOURCE_PARAMETER: &str = "source";
/// Of the events of one delivery.
const SENDS_AT_ONCE: usize = 10;

/// The function: one instance a process.
pub struct Ingest {
    config: Config,
    secrets: Secrets,
    sink: Box<dyn EventSink>,
    clock: Box<dyn Fn() -> Timestamp + Send + Sync>,
}

impl Ingest {
    pub fn new(
        config: Config,
        secrets: Secrets,
        sink: impl EventSink + 'static,
        clock: impl Fn() -> Timestamp + Send + Sync + 'static,
    ) -> Self {
        Self { config, secrets, sink: Box::new(sink), clock: Box::new(clock) }
    }

    /// Reads every secret before the first request, which then finds it, and a connection, ready. What is wrong with
    /// one source does not stop the others.
    pub async fn warm_up(&self) {
        let checks = self.config.sources.iter().map(|(name, source)| async move {
            let problem = match self.secrets.current_and_previous(&source.secret_arn).await {
                Ok(versions) => keys(source, &versions).err(),
                Err(error) => Some(error.to_string()),
            };
            if let Some(error) = problem {
                tracing::error!(source = name, error, "webhooks of this source cannot be verified");
            }
        });
        join_all(checks).await;
    }

    /// `trace_header` is X-Ray's, where the request is traced.
    pub async fn handle(
        &self,
        request: ApiGatewayV2httpRequest,
        trace_header: Option<&str>,
    ) -> ApiGatewayV2httpResponse {
        let mut trail = Trail::of(trace_header);
        let result = self.accept(&request, trace_header, &mut trail).await;
        trail.log(&result);
        result.map_or_else(|refusal| refusal.response(), |acceptance| acceptance.response())
    }

    async fn accept(
        &self,
        request: &ApiGatewayV2httpRequest,
        trace_header: Option<&str>,
        trail: &mut Trail,
    ) -> Result<Acceptance, Refusal> {
        let (source_name, source) = request
            .path_parameters
            .get(SOURCE_PARAMETER)
            .and_then(|name| self.config.sources.get_key_value(name))
            .ok_or(Refusal::SourceUnknown)?;
        trail.source.clone_from(source_name);
        body::check_media_type(request)?;
        let body = body::raw_body(request, self.config.max_body_bytes)?;
        trail.bytes = body.len();
        let url = match &source.url {
            Some(url) => url.clone(),
            None => posted_to(request),
        };
        let method = request.request_context.http.method.as_str();
        let now = (self.clock)();
        let delivery = Delivery {
            source_name,
            method,
            url: &url,
            headers: &request.headers,
            body: &body,
            received_at: now,
        };
        let window = Window { now, tolerance_seconds: self.config.timestamp_tolerance_seconds };
        let claim = source.scheme.claim(&delivery, window)?;
        self.authenticate(source, &claim, &body, trail).await?;
        // From here on the sender is who it says.
        let events = source.scheme.events(&delivery)?;
        if let Some((first, _)) = events.first() {
            trail.event_type.clone_from(&first.event_type);
            trail.correlation_id.clone_from(&first.id);
            trail.delivery_id = first.delivery_id.clone().unwrap_or_default();
        }
        let (mut acceptance, mut messages) = (Acceptance::default(), Vec::new());
        for (event, payload) in events {
            let correlation_id = event.id.clone();
            match source.queue(event.route_key.as_deref()) {
                Some(queue_url) => {
                    messages.push((correlation_id, queue_url, envelope::encode(event, payload)?));
                }
                None => acceptance.ignored.push(correlation_id),
            }
        }
        // Where one is not accepted the source sends all of them again, and the ledger knows those that were.
        let sent = messages.into_iter().map(|(correlation_id, queue_url, message)| async move {
            let message_id = self.sink.send(&queue_url, message, trace_header).await?;
            Ok::<_, SinkError>(Queued { correlation_id, message_id })
        });
        let sent = stream::iter(sent).buffered(SENDS_AT_ONCE).try_collect();
        acceptance.queued = sent.await.map_err(|error| {
            trail.error = Some(error.to_string());
            Refusal::QueueUnavailable
        })?;
        Ok(acceptance)
    }

    /// With the cached secret first; where that fails, with a fresh one, as often as [`Secrets::refreshed`] allows.
    async fn authenticate(
        &self,
        source: &Source,
        claim: &Claim,
        body: &[u8],
        trail: &mut Trail,
    ) -> Result<(), Refusal> {
        let arn = &source.secret_arn;
        let versions = self.secrets.current_and_previous(arn).await.map_err(|error| {
            trail.error = Some(error.to_string());
            Refusal::SecretUnavailable
        })?;
        let cached = check(source, &versions, claim, body, trail);
        if cached.is_ok() {
            return cached;
        }
        match self.secrets.refreshed(arn).await {
            Ok(Some(versions)) => {
                trail.error = None;
                check(source, &versions, claim, body, trail)
            }
            Ok(None) => cached,
            Err(error) => {
                trail.error = Some(error.to_string());
                Err(Refusal::SecretUnavailable)
            }
        }
    }
}

/// The address as API Gateway knows it. Where a proxy stands before it, the source's own setting says another.
fn posted_to(request: &ApiGatewayV2httpRequest) -> String {
    let domain = request.request_context.domain_name.as_deref().unwrap_or_default();
    let path = request.raw_path.as_deref().unwrap_or_default();
    match request.raw_query_string.as_deref().filter(|query| !query.is_empty()) {
        Some(query) => format!("https://{domain}{path}?{query}"),
        None => format!("https://{domain}{path}"),
    }
}

fn check(
    source: &Source,
    versions: &Versions,
    claim: &Claim,
    body: &[u8],
    trail: &mut Trail,
) -> Result<(), Refusal> {
    let keys = keys(source, versions).map_err(|error| {
        trail.error = Some(error);
        Refusal::SecretUnavailable
    })?;
    if claim.verifies(body, &keys) { Ok(()) } else { Err(Refusal::SignatureInvalid("no signature verifies")) }
}

/// A current secret that cannot be a key is an error; a previous one is only passed over.
fn keys(source: &Source, versions: &Versions) -> Result<Vec<SecretSlice<u8>>, String> {
    let arn = &source.secret_arn;
    let current = source.scheme.key(&versions.current);
    let mut keys = vec![current.map_err(|reason| format!("secret {arn} is not usable: {reason}"))?];
    match versions.previous.as_ref().map(|previous| source.scheme.key(previous)) {
        Some(Ok(previous)) => keys.push(previous),
        Some(Err(reason)) => tracing::warn!(arn, reason, "the previous version of the secret is not used"),
        None => {}
    }
    Ok(keys)
}
