//! Dead letters looked at and moved by the operator's command, beside the script that people write for it, on the local engine.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use channel::{Attributes, DeadLetter};
use jiff::{SignedDuration, Timestamp};
use local::{Engine, Parked, Running, Spillway, Told, Tools, say};
use message::{Code, Rejection};
use serde_json::{Value, json};
use tokio::process::Command;

use crate::Peers;
use crate::measure::median;

/// Letters of a list, and how often that is done: the engine looks at every message of a queue for each receive.
const LISTED: [(usize, usize); 2] = [(5_000, 3), (10_000, 1)];
const MOVED: usize = 2_000;
/// As fast as it can: what is measured is not the ramp.
const AT_ONCE: [&str; 6] = ["--ramp", "3000", "--cap", "3000", "--settle", "0"];
const ORDER: &str = include_str!("../peers/order.json");
const FLOW: &str = "orders-to-inventory";

pub(crate) struct Letters {
    pub(crate) body_bytes: usize,
    /// By the number of letters, ours first.
    pub(crate) listed: Vec<(usize, Vec<Row>)>,
    /// Ours first.
    pub(crate) moved: (usize, Vec<Row>),
}

/// Of everything the median.
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) took: Duration,
    /// Of the process that asks.
    pub(crate) cpu: Duration,
    /// Of the engine, meanwhile.
    pub(crate) engine: Duration,
    pub(crate) peak_memory: u64,
}

const OURS: &str = "spillway dlq";
const THEIRS: &str = "boto3, a script";

pub(crate) async fn measure(tools: &Tools, binaries: &Path, peers: &Peers) -> Result<Letters> {
    let bench = Bench::start(tools, binaries, peers).await?;
    let mut listed = Vec::new();
    for (count, times) in LISTED {
        say(format!("measuring a list of {count} dead letters"));
        bench.park(count).await?;
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for _ in 0..times {
            let (told, engine) = bench.measured(bench.spillway.begin(&["dlq", "list"])?).await?;
            ensure!(told.json["flows"][0]["letters"] == count, "not all were listed: {}", told.json["flows"]);
            ours.push((told, engine));
            let (told, engine) = bench.measured(bench.script(&["list", &bench.letters])?).await?;
            ensure!(told.json["letters"] == count, "the script has not seen all: {}", told.json);
            theirs.push((told, engine));
        }
        listed.push((count, vec![row(OURS, &ours), row(THEIRS, &theirs)]));
    }
    Ok(Letters { body_bytes: body(0).len(), listed, moved: (MOVED, bench.moves().await?) })
}

struct Bench {
    engine: Engine,
    spillway: Spillway,
    python: PathBuf,
    script: PathBuf,
    letters: String,
    queue: String,
}

impl Bench {
    async fn start(tools: &Tools, binaries: &Path, peers: &Peers) -> Result<Self> {
        let engine = Engine::start(tools).await?;
        let template = tools.workspace.root().join("infra/bench/deployment.json");
        let outputs = engine.deploy(tools, &template).await?;
        let output = |name: &str| outputs.get(name).cloned().with_context(|| name.to_owned());
        let (letters, queue) =
            (output("OrdersToInventoryDeadLetterQueueUrl")?, output("OrdersToInventoryQueueUrl")?);
        let spillway = Spillway::at(binaries.join("spillway"), &engine);
        let script = peers.folder.join("python/dead_letters.py");
        Ok(Self { engine, spillway, python: peers.python.clone(), script, letters, queue })
    }

    /// So many letters, and nothing else, on the dead letter queue.
    async fn park(&self, count: usize) -> Result<()> {
        self.engine.purge(&self.letters).await?;
        let letters: Vec<_> = (0..count).map(letter).collect();
        self.engine.park(&self.letters, &letters).await.map(drop)
    }

    fn script(&self, arguments: &[&str]) -> Result<Running> {
        let mut command = Command::new(&self.python);
        command.arg(&self.script).args(arguments).env("PYTHONDONTWRITEBYTECODE", "1");
        Running::begin(THEIRS.to_owned(), command.envs(self.engine.environment()))
    }

    /// What was answered, and what it took of the engine.
    async fn measured(&self, running: Running) -> Result<(Told, Duration)> {
        let before = self.engine.cpu()?;
        let told = running.told().await?;
        Ok((told, self.engine.cpu()? - before))
    }

    /// From the plan on: a script has none.
    async fn moves(&self) -> Result<Vec<Row>> {
        say(format!("measuring how {MOVED} dead letters are moved"));
        self.park(MOVED).await?;
        let plan = self.spillway.ask(&["dlq", "plan", "--flow", FLOW]).await?;
        let id = plan.json["plan"].as_str().context("a plan")?.to_owned();
        let arguments = [&["dlq", "redrive", &id, "--reason", "bench"], &AT_ONCE[..]].concat();
        let ours = self.measured(self.spillway.begin(&arguments)?).await?;
        let told = &ours.0;
        ensure!(told.good && told.json["flows"][0]["moved"] == MOVED, "not all were moved: {}", told.json);
        self.engine.purge(&self.queue).await?;
        self.park(MOVED).await?;
        let arguments = ["move", &self.letters, &self.queue, &MOVED.to_string()];
        let theirs = self.measured(self.script(&arguments)?).await?;
        ensure!(theirs.0.json["moved"] == MOVED, "the script has not moved all: {}", theirs.0.json);
        Ok(vec![row(OURS, &[ours]), row(THEIRS, &[theirs])])
    }
}

fn row(name: &'static str, told: &[(Told, Duration)]) -> Row {
    let of = |value: fn(&(Told, Duration)) -> Duration| median(told.iter().map(value).collect());
    Row {
        name,
        took: of(|(told, _)| told.took),
        cpu: of(|(told, _)| told.used.cpu),
        engine: of(|(_, engine)| *engine),
        peak_memory: told.iter().map(|(told, _)| told.used.peak_memory).max().unwrap_or_default(),
    }
}

fn body(number: usize) -> String {
    let mut order: Value = serde_json::from_str(ORDER).unwrap_or_default();
    order["id"] = json!(5_000_000_000_000_u64 + u64::try_from(number).unwrap_or(0));
    let event = json!({
        "specversion": "1.0", "id": format!("event-{number}"), "source": "/shopify/acme.myshopify.com",
        "type": "shopify.orders/create", "time": "2026-11-24T10:00:00Z",
        "correlationid": format!("event-{number}"), "sourceversion": "2026-10", "data": order
    });
    event.to_string()
}

/// Of one of three causes.
fn letter(number: usize) -> Parked {
    let code = match number % 3 {
        0 => Code::TargetRefused,
        1 => Code::ProductUnknown,
        _ => Code::HandlerPanicked,
    };
    let rejection = Rejection::new(code, "$.lines[0].sku", code.title())
        .with_mapping("shopify-order/2 canonical.order@1, tryton-sale/2 tryton.sale@8.2");
    let (body, id, last) = (body(number), format!("event-{number}"), Timestamp::now());
    let letter = DeadLetter {
        body: &body,
        attributes: &Attributes::new(),
        rejection: &rejection,
        flow: FLOW,
        source_queue: "spillway-local-orders-to-inventory",
        message_id: &id,
        original_message_id: &id,
        correlation_id: &id,
        attempts: 5,
        first_failed_at: last - SignedDuration::from_mins(9),
        last_failed_at: last,
        trace_header: None,
        group_id: None,
    };
    let attributes = letter.attributes();
    Parked { body, attributes }
}
