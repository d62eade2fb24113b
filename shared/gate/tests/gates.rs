//! Gates of several execution environments on one store, with a clock that is told to go on.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use gate::{
    Admission, Breaker, Gate, GateConfig, GateError, GateStore, Lease, Limit, MemoryGateStore, Observation,
    Probe,
};
use jiff::SignedDuration;
use message::Code;
use testkit::FakeClock;

const FAILED: Observation = Observation::Failed(Code::TargetFailed);

struct Bench {
    store: Arc<MemoryGateStore>,
    clock: FakeClock,
    config: GateConfig,
}

impl Bench {
    fn new(config: GateConfig) -> Self {
        Self { store: Arc::default(), clock: FakeClock::at("2026-11-24T10:00:00Z"), config }
    }

    fn environment(&self) -> Gate {
        Gate::new(Arc::<MemoryGateStore>::clone(&self.store), self.config.clone(), self.clock.as_fn())
    }

    fn seconds_later(&self, seconds: i64) {
        self.clock.advance(SignedDuration::from_secs(seconds));
    }

    /// The breaker, opened by one environment.
    async fn opened(config: GateConfig) -> (Self, Gate) {
        let bench = Self::new(config);
        let gate = bench.environment();
        for _ in 0..5 {
            gate.observe(FAILED);
        }
        gate.share().await;
        (bench, gate)
    }
}

async fn granted(gate: &Gate, wanted: usize) -> usize {
    gate.admit(wanted, 1).await.granted
}

async fn elected(gate: &Gate) -> Option<Probe> {
    let Admission { granted, probe, .. } = gate.admit(10, 1).await;
    assert_eq!(granted, 1);
    probe
}

#[tokio::test]
async fn a_target_that_works_is_called_without_a_write() {
    let bench = Bench::new(GateConfig::new("erp"));
    let gate = bench.environment();
    assert_eq!(granted(&gate, 10).await, 10);
    gate.observe(Observation::Works);
    gate.share().await;
    assert_eq!(bench.store.load("erp").await.unwrap().revision, 0);
}

#[tokio::test]
async fn failures_in_a_row_open_it_for_everybody() {
    let bench = Bench::new(GateConfig::new("erp"));
    let (gate, other) = (bench.environment(), bench.environment());
    for observation in [FAILED, FAILED, FAILED, FAILED, Observation::Works, FAILED] {
        gate.observe(observation);
        assert!(gate.closed().is_none());
    }
    for _ in 0..4 {
        gate.observe(FAILED);
    }
    assert_eq!(gate.closed().unwrap().code, Code::TargetFailed, "known here at once");
    gate.share().await;
    let admission = other.admit(10, 1).await;
    assert_eq!((admission.granted, admission.held.unwrap().code), (0, Code::TargetFailed));
}

#[tokio::test]
async fn others_learn_of_it_within_a_second() {
    let bench = Bench::new(GateConfig::new("erp"));
    let (gate, other) = (bench.environment(), bench.environment());
    assert_eq!(granted(&other, 1).await, 1);
    for _ in 0..5 {
        gate.observe(FAILED);
    }
    gate.share().await;
    assert_eq!(granted(&other, 1).await, 1, "cached");
    bench.seconds_later(1);
    assert_eq!(granted(&other, 1).await, 0);
}

#[tokio::test]
async fn it_opens_under_the_code_of_the_failures() {
    let bench = Bench::new(GateConfig::new("erp"));
    let gate = bench.environment();
    for _ in 0..5 {
        gate.observe(Observation::Failed(Code::CredentialsRefused));
    }
    gate.share().await;
    assert_eq!(gate.admit(1, 1).await.held.unwrap().code, Code::CredentialsRefused);
}

#[tokio::test]
async fn one_probe_is_elected_among_all_environments_and_closes_it() {
    let (bench, gate) = Bench::opened(GateConfig::new("erp")).await;
    let others: Vec<_> = (0..5).map(|_| bench.environment()).collect();
    bench.seconds_later(30);
    let mut probes = Vec::new();
    for (index, other) in others.iter().enumerate() {
        probes.extend(other.admit(10, 1).await.probe.map(|probe| (index, probe)));
    }
    let (index, probe) = probes.pop().unwrap();
    assert_eq!((index, probes.len()), (0, 0));
    others.first().unwrap().probed(probe, Some(Observation::Works)).await;
    bench.seconds_later(1);
    assert_eq!(granted(&gate, 10).await, 10);
}

#[tokio::test]
async fn a_failed_probe_keeps_it_open_twice_as_long() {
    let (bench, gate) = Bench::opened(GateConfig::new("erp")).await;
    bench.seconds_later(30);
    let probe = elected(&gate).await.unwrap();
    assert!(gate.closed().is_some(), "for everybody but the probe");
    gate.probed(probe, Some(FAILED)).await;
    bench.seconds_later(59);
    assert_eq!(granted(&gate, 1).await, 0);
    bench.seconds_later(1);
    assert_eq!(granted(&gate, 1).await, 1);
}

#[tokio::test]
async fn a_probe_that_needed_no_call_or_never_came_back_is_replaced() {
    let (bench, gate) = Bench::opened(GateConfig::new("erp")).await;
    bench.seconds_later(30);
    let probe = elected(&gate).await.unwrap();
    gate.probed(probe, None).await;
    let crashed = bench.environment();
    assert_eq!(granted(&crashed, 1).await, 1, "the next one tries at once");
    bench.seconds_later(59);
    assert_eq!(granted(&gate, 1).await, 0);
    bench.seconds_later(1);
    assert_eq!(granted(&gate, 1).await, 1);
}

#[tokio::test]
async fn a_429_closes_it_until_the_time_it_names() {
    let bench = Bench::new(GateConfig::new("erp"));
    let (gate, other) = (bench.environment(), bench.environment());
    gate.observe(Observation::Throttled { after: Some(Duration::from_secs(120)) });
    assert_eq!(gate.closed().unwrap().after(0, 0.0), Duration::from_secs(120));
    gate.share().await;
    bench.seconds_later(20);
    let held = other.admit(3, 1).await.held.unwrap();
    assert_eq!((held.code, held.after(0, 0.0)), (Code::TargetThrottled, Duration::from_secs(100)));
    assert_eq!(held.after(2, 1.0), Duration::from_secs(125), "they do not come back all at once");
    bench.seconds_later(100);
    assert_eq!(granted(&other, 3).await, 3);
}

#[tokio::test]
async fn a_limit_holds_over_all_environments_and_the_rest_comes_lot_by_lot() {
    let config = GateConfig { limit: Some(Limit::a_second(12)), ..GateConfig::new("erp") };
    let bench = Bench::new(config);
    let (gate, other) = (bench.environment(), bench.environment());
    // Twelve calls a second, three calls a record.
    assert_eq!(gate.admit(2, 3).await.granted, 2);
    let admission = other.admit(10, 3).await;
    assert_eq!(admission.granted, 2);
    let held = admission.held.unwrap();
    let waits: Vec<_> = (0..8).map(|place| held.after(place, 0.0).as_secs()).collect();
    assert_eq!(waits, [1, 1, 1, 1, 2, 2, 2, 2]);
    bench.seconds_later(1);
    assert_eq!(gate.admit(10, 3).await.granted, 4);
}

#[tokio::test]
async fn a_record_that_needs_more_calls_than_a_window_has_takes_a_whole_window() {
    let config = GateConfig { limit: Some(Limit::a_second(2)), ..GateConfig::new("erp") };
    let bench = Bench::new(config);
    let gate = bench.environment();
    assert_eq!(gate.admit(3, 12).await.granted, 1);
    assert_eq!(gate.admit(3, 12).await.granted, 0);
}

/// A table that does not answer.
struct Down;

#[async_trait]
impl GateStore for Down {
    async fn load(&self, _: &str) -> Result<Breaker, GateError> {
        Err(GateError::Corrupt { attribute: "state" })
    }

    async fn swap(&self, _: &str, _: &Breaker, _: i64) -> Result<bool, GateError> {
        Err(GateError::Corrupt { attribute: "state" })
    }

    async fn lease(&self, _: &Lease<'_>) -> Result<u32, GateError> {
        Err(GateError::Corrupt { attribute: "used" })
    }
}

#[tokio::test]
async fn without_its_record_it_lets_everybody_through() {
    let config = GateConfig { limit: Some(Limit::a_second(1)), ..GateConfig::new("erp") };
    let gate = Gate::new(Arc::new(Down), config, FakeClock::at("2026-11-24T10:00:00Z").as_fn());
    assert_eq!(gate.admit(7, 1).await.granted, 7);
    for _ in 0..5 {
        gate.observe(FAILED);
    }
    gate.share().await;
    assert_eq!(gate.admit(7, 1).await.granted, 7);
}

#[tokio::test]
async fn a_429_is_told_once_and_whoever_deletes_the_record_opens_the_gate() {
    let bench = Bench::new(GateConfig::new("erp"));
    let gate = bench.environment();
    gate.observe(Observation::Throttled { after: Some(Duration::from_secs(600)) });
    gate.share().await;
    let told = bench.store.load("erp").await.unwrap();
    let cleared = Breaker { not_before_ms: 0, revision: told.revision + 1, ..told };
    assert!(bench.store.swap("erp", &cleared, 0).await.unwrap());
    bench.seconds_later(1);
    assert_eq!(granted(&gate, 5).await, 5);
    gate.share().await;
    assert_eq!(bench.store.load("erp").await.unwrap(), cleared);
}

#[tokio::test]
async fn no_429_closes_it_for_longer_than_the_operator_allows() {
    let config = GateConfig { longest_throttle: Duration::from_secs(900), ..GateConfig::new("erp") };
    let gate = Bench::new(config).environment();
    gate.observe(Observation::Throttled { after: Some(Duration::from_secs(86_400)) });
    assert_eq!(gate.closed().unwrap().after(0, 0.0), Duration::from_secs(900));
}
