//! What a schedule finds the target and its gate in, apart from the faults of its own.

use std::sync::Arc;
use std::time::Duration;

use gate::{Breaker, GateStore, Limit, State};
use http::Method;
use local::sandbox::{Fault, FaultKind};
use message::Code;

use crate::world::World;

pub(crate) struct Weather {
    pub(crate) name: &'static str,
    /// Operations that are asked for.
    pub(crate) orders: u32,
    /// How the target answers until it is well again, and to which method; any where it is `None`.
    fault: Option<(Option<&'static str>, FaultKind)>,
    /// How long the target takes, without an answer, over what has an effect; until then.
    late: Option<Duration>,
    /// How much later the source sends its repeat.
    pub(crate) repeat_after: Duration,
    /// Whether the ledger does not answer until then.
    ledger_down: bool,
    pub(crate) well_again: Duration,
    /// Whether others have opened the breaker before the first message comes.
    starts_open: bool,
    /// Failed calls in a row that open it. Every invocation of a schedule is the first of its execution environment.
    pub(crate) failures_to_open: u32,
    pub(crate) limit: Option<Limit>,
    pub(crate) longest_hold: Duration,
    /// When the dead letters are redriven, where all that was sent has to end as one first.
    pub(crate) redriven: Option<Duration>,
}

const AN_HOUR: Duration = Duration::from_secs(3_600);
const THREE_DAYS: Duration = Duration::from_secs(3 * 24 * 3_600);
/// Longer than the breaker is open the first time: at least one probe fails.
const A_WHILE: Duration = Duration::from_secs(100);

impl Weather {
    /// Nothing is wrong.
    pub(crate) const FAIR: Self = Self {
        name: "fair",
        orders: 1,
        fault: None,
        late: None,
        repeat_after: Duration::ZERO,
        ledger_down: false,
        well_again: Duration::ZERO,
        starts_open: false,
        failures_to_open: 5,
        limit: None,
        longest_hold: THREE_DAYS,
        redriven: None,
    };

    /// Every call fails: the breaker opens, probes fail, one is answered.
    pub(crate) const OUTAGE: Self = Self {
        name: "outage",
        orders: 2,
        fault: Some((None, FaultKind::Status { status: 503, retry_after_s: None })),
        well_again: A_WHILE,
        failures_to_open: 1,
        ..Self::FAIR
    };

    /// The same without a word from the target, so that time passes inside the leases.
    pub(crate) const SILENCE: Self =
        Self { name: "silence", fault: Some((None, FaultKind::TimeoutBeforeEffect)), ..Self::OUTAGE };

    /// What changes nothing is answered, what would make an effect fails: whether it was made is unknown each time.
    pub(crate) const WRITES_FAIL: Self = Self {
        name: "writes fail",
        fault: Some((Some("POST"), FaultKind::Status { status: 503, retry_after_s: None })),
        ..Self::OUTAGE
    };

    /// A target that works on a request for longer than we wait for its answer, though not for longer than a lease: that is
    /// all that can be promised where it takes no key. The repeat comes in between, when the effect cannot be seen yet.
    pub(crate) const SLOW: Self = Self {
        name: "slow",
        late: Some(Duration::from_secs(40)),
        repeat_after: Duration::from_secs(35),
        well_again: A_WHILE,
        failures_to_open: 1,
        ..Self::FAIR
    };

    /// Asked to come again later.
    pub(crate) const THROTTLED: Self = Self {
        name: "throttled",
        fault: Some((None, FaultKind::Status { status: 429, retry_after_s: Some(40) })),
        ..Self::OUTAGE
    };

    /// The target works, and nobody can know what was done there.
    pub(crate) const LEDGER_DOWN: Self =
        Self { name: "ledger down", orders: 2, ledger_down: true, well_again: A_WHILE, ..Self::FAIR };

    /// The target works, but the breaker is open: one is elected to find that out.
    pub(crate) const OPEN: Self = Self { name: "open", orders: 2, starts_open: true, ..Self::FAIR };

    /// One operation a window.
    pub(crate) const LIMITED: Self = Self {
        name: "limited",
        orders: 3,
        limit: Some(Limit { calls: 2, window: Duration::from_secs(20) }),
        ..Self::FAIR
    };

    /// For longer than a message is held. The letters are redriven a little too early.
    pub(crate) const TOO_LONG: Self = Self {
        name: "too long",
        well_again: AN_HOUR,
        longest_hold: Duration::from_secs(600),
        redriven: Some(AN_HOUR.saturating_sub(Duration::from_secs(60))),
        ..Self::OUTAGE
    };

    /// It says no to everything, and is mended before the letters are redriven.
    pub(crate) const REFUSED: Self = Self {
        name: "refused",
        fault: Some((Some("POST"), FaultKind::Status { status: 422, retry_after_s: None })),
        well_again: AN_HOUR,
        redriven: Some(AN_HOUR),
        ..Self::OUTAGE
    };

    /// Under the settings of production, for longer than receives last.
    pub(crate) const HALF_AN_HOUR: Self = Self {
        name: "half an hour",
        orders: 10,
        well_again: Duration::from_secs(1_800),
        failures_to_open: Self::FAIR.failures_to_open,
        ..Self::OUTAGE
    };

    /// The same where look-ups are answered.
    pub(crate) const HALF_AN_HOUR_OF_WRITES: Self =
        Self { name: "half an hour of writes", fault: Self::WRITES_FAIL.fault, ..Self::HALF_AN_HOUR };

    /// How long after a request that is made now its effect is there, where that is too late for its answer.
    pub(crate) fn delays(&self, method: &Method, since: Duration) -> Option<Duration> {
        self.late.filter(|_| method == Method::POST && since < self.well_again)
    }

    pub(crate) fn stops_the_ledger(&self, since: Duration) -> bool {
        self.ledger_down && since < self.well_again
    }

    pub(crate) async fn begin(&self, world: &Arc<World>, target: &str) {
        if let Some((method, kind)) = &self.fault {
            world.sandbox.fail(Fault {
                method: method.map(str::to_owned),
                path: "/".to_owned(),
                kind: kind.clone(),
                times: u32::MAX,
                every: 1,
            });
        }
        if self.starts_open {
            let for_ms = 30_000;
            let state = State::Open { code: Code::TargetFailed, until_ms: world.now_ms() + for_ms, for_ms };
            let record = Breaker { state, not_before_ms: 0, revision: 1 };
            assert!(world.gates.swap(target, &record, 0).await.unwrap());
        }
    }

    pub(crate) fn pass(&self, world: &World, since: Duration) {
        if since >= self.well_again {
            world.sandbox.fail_no_more();
        }
    }
}
