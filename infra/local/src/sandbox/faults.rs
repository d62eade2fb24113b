use std::sync::{Mutex, MutexGuard, PoisonError};
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
    /// Of the calls that match every so-manieth; each where it is left out.
    #[serde(default = "each")]
    pub every: u32,
}

const fn each() -> u32 {
    1
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FaultKind {
    /// Answered with this status; nothing else happens.
    Status { status: u16, retry_after_s: Option<u32> },
    /// Answered with a 200 that says nothing; nothing else happens.
    Unreadable,
    /// No answer, and no effect.
    TimeoutBeforeEffect,
    /// No answer, but the effect is there.
    TimeoutAfterEffect,
    /// The right answer, late.
    Slow { ms: u64 },
}

/// Faults in the order in which they were added; the first that matches is taken.
#[derive(Default)]
pub(super) struct Faults(Mutex<Vec<Standing>>);

struct Standing {
    fault: Fault,
    /// Calls that have matched.
    seen: u32,
}

impl Faults {
    pub(super) fn add(&self, fault: Fault) {
        self.all().push(Standing { fault, seen: 0 });
    }

    pub(super) fn clear(&self) {
        self.all().clear();
    }

    pub(super) fn take(&self, method: &Method, path: &str) -> Option<FaultKind> {
        let mut standing = self.all();
        let matching = standing.iter_mut().filter(|standing| {
            let fault = &standing.fault;
            fault.times > 0
                && path.contains(&fault.path)
                && fault.method.as_deref().is_none_or(|wanted| method.as_str().eq_ignore_ascii_case(wanted))
        });
        for Standing { fault, seen } in matching {
            *seen += 1;
            if seen.is_multiple_of(fault.every.max(1)) {
                fault.times -= 1;
                return Some(fault.kind.clone());
            }
        }
        None
    }

    fn all(&self) -> MutexGuard<'_, Vec<Standing>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
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
