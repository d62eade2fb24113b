use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use axum::response::{IntoResponse, Response};
use http::{Method, StatusCode};
use serde::{Deserialize, Serialize};

/// How a call that matches is to fail.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Fault {
    /// `GET`, `POST` …; any where it is left out.
    #[serde(default)]
    pub method: Option<String>,
    /// A part of the request's path: `/v1/shipments`, `sale.sale`.
    pub path: String,
    pub kind: FaultKind,
    /// For how many calls.
    pub times: u32,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FaultKind {
    /// Answered with this status; nothing else happens.
    Status { status: u16, retry_after_s: Option<u32> },
    /// No answer, and no effect.
    TimeoutBeforeEffect,
    /// No answer, but the effect is there.
    TimeoutAfterEffect,
    /// The right answer, late.
    Slow { ms: u64 },
}

/// Faults in the order in which they were added; the first that matches is taken.
#[derive(Default)]
pub(super) struct Faults(Mutex<Vec<Fault>>);

impl Faults {
    pub(super) fn add(&self, fault: Fault) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(fault);
    }

    pub(super) fn clear(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    pub(super) fn take(&self, method: &Method, path: &str) -> Option<FaultKind> {
        let mut faults = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let fault = faults.iter_mut().find(|fault| {
            fault.times > 0
                && path.contains(&fault.path)
                && fault.method.as_deref().is_none_or(|wanted| method.as_str().eq_ignore_ascii_case(wanted))
        })?;
        fault.times -= 1;
        Some(fault.kind.clone())
    }
}

/// Longer than any caller waits.
const LONGEST_WAIT: Duration = Duration::from_secs(120);

pub(super) async fn never_answer() -> Response {
    wait(LONGEST_WAIT).await;
    StatusCode::GATEWAY_TIMEOUT.into_response()
}

pub(super) async fn wait_ms(ms: u64) {
    wait(Duration::from_millis(ms).min(LONGEST_WAIT)).await;
}

#[expect(clippy::disallowed_methods, reason = "being slow is what was asked for")]
async fn wait(duration: Duration) {
    tokio::time::sleep(duration).await;
}
