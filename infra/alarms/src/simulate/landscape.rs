//! What there is, out of the expanded template: flows with their queues, functions and what comes after what; ingest, API, ledger.

use freshness::Cadence;
use serde_json::Value;
use settings::Problem;

use super::FIRST_DAY;
use crate::Refused;
use crate::template::{Application, Resource, text};

#[derive(Clone, PartialEq, Debug)]
pub struct Landscape {
    /// By name.
    pub(crate) flows: Vec<FlowParts>,
    pub(crate) stack: String,
    pub(crate) ingest: String,
    pub(crate) api: String,
    pub(crate) stage: String,
    pub(crate) table: String,
}

#[derive(Clone, PartialEq, Debug)]
pub(crate) struct FlowParts {
    pub(crate) name: String,
    pub(crate) function: String,
    pub(crate) queue: String,
    pub(crate) dead_letter_queue: String,
    /// Id of the event source mapping, where it publishes metrics of its own.
    pub(crate) counted_mapping: Option<String>,
    pub(crate) timeout_seconds: u32,
    /// Invocations that the mapping makes at a time.
    pub(crate) most_at_once: u32,
    pub(crate) max_receives: u32,
    pub(crate) visibility: u32,
    pub(crate) queue_retention: u32,
    pub(crate) dead_letter_retention: u32,
    pub(crate) longest_hold: u32,
    /// Ingest puts webhooks on its queue.
    pub(crate) has_source: bool,
    /// The flow whose queue its follow-on events go to.
    pub(crate) next: Option<usize>,
    pub(crate) watch: WatchParts,
}

/// What its schedule tells the watchdog of a flow.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct WatchParts {
    pub(crate) cadence: Cadence,
    /// The same, where the simulation's first day is declared as well.
    pub(crate) cadence_of_holiday: Cadence,
    /// Names of flows.
    pub(crate) canary_path: Vec<String>,
    pub(crate) asks_source: bool,
}

impl Landscape {
    pub fn of(application: &Application) -> Result<Self, Refused> {
        let functions: Vec<_> = application.of_kind("AWS::Serverless::Function").collect();
        let ingest = functions
            .iter()
            .find(|function| !variable(function, "SOURCES").is_empty())
            .ok_or_else(|| Refused::new("template", "no function with SOURCES"))?;
        let sources = variable(ingest, "SOURCES");
        let mut flows = Vec::new();
        let mut next = Vec::new();
        for function in &functions {
            if let Some(parts) = flow(application, function, &sources)? {
                flows.push(parts);
                next.push(last(&variable(function, "NEXT_QUEUE_URL"), '/'));
            }
        }
        let places: Vec<Option<String>> = next
            .iter()
            .map(|queue| flows.iter().find(|flow| &flow.queue == queue).map(|flow| flow.name.clone()))
            .collect();
        let mut both: Vec<_> = flows.into_iter().zip(places).collect();
        both.sort_by(|(a, _), (b, _)| a.name.cmp(&b.name));
        let names: Vec<_> = both.iter().map(|(flow, _)| flow.name.clone()).collect();
        let place = |name: Option<String>| names.iter().position(|other| Some(other) == name.as_ref());
        let flows = both.into_iter().map(|(flow, next)| FlowParts { next: place(next), ..flow }).collect();
        let one = |kind: &'static str| {
            application.of_kind(kind).next().ok_or_else(|| Refused::new(kind, "there is none"))
        };
        Ok(Self {
            flows,
            stack: ingest.reference.strip_suffix("-ingest").unwrap_or_default().to_owned(),
            ingest: ingest.reference.clone(),
            api: one("AWS::ApiGatewayV2::Api")?.reference.clone(),
            stage: said(one("AWS::ApiGatewayV2::Stage")?, &["StageName"]),
            table: one("AWS::DynamoDB::Table")?.reference.clone(),
        })
    }

    pub fn flow(&self, name: &str) -> Option<usize> {
        self.flows.iter().position(|flow| flow.name == name)
    }
}

fn said(resource: &Resource, path: &[&str]) -> String {
    path.iter().try_fold(&resource.properties, |at, step| at.get(step)).map(text).unwrap_or_default()
}

fn variable(function: &Resource, name: &str) -> String {
    said(function, &["Environment", "Variables", name])
}

fn last(text: &str, separator: char) -> String {
    text.rsplit(separator).next().unwrap_or_default().to_owned()
}

/// None for a function that no queue leads to.
fn flow(application: &Application, function: &Resource, sources: &str) -> Result<Option<FlowParts>, Refused> {
    let events = function.properties.get("Events").and_then(Value::as_object);
    let mapping =
        events.into_iter().flatten().find(|(_, event)| event.get("Type") == Some(&Value::from("SQS")));
    let Some((event, mapping)) = mapping else { return Ok(None) };
    let of_mapping = |name: &str| mapping.get("Properties").and_then(|properties| properties.get(name));
    let queue_name = last(&of_mapping("Queue").map(text).unwrap_or_default(), ':');
    let refused = |what: &str| Refused::new(&function.id, what);
    let named =
        |name: &str| application.of_kind("AWS::SQS::Queue").find(|queue| said(queue, &["QueueName"]) == name);
    let queue = named(&queue_name).ok_or_else(|| refused("no queue"))?;
    let dead = last(&said(queue, &["RedrivePolicy", "deadLetterTargetArn"]), ':');
    let dead_letters = named(&dead).ok_or_else(|| refused("no dead letter queue"))?;
    let number = |text: String| text.parse::<u32>().map_err(|_| refused(&format!("no number: {text}")));
    let minutes = |text: String| number(text).map(|seconds| seconds.div_ceil(60));
    let counts = of_mapping("MetricsConfig").is_some_and(|config| config.to_string().contains("EventCount"));
    Ok(Some(FlowParts {
        name: queue.flow.clone(),
        function: function.reference.clone(),
        has_source: sources.contains(&format!(": \"{}\"", queue.flow)),
        counted_mapping: counts.then(|| {
            let stack = function.reference.strip_suffix(&format!("-{}", queue.flow)).unwrap_or_default();
            format!("mapping-{stack}-{}{event}", function.id)
        }),
        timeout_seconds: number(said(function, &["Timeout"]))?,
        most_at_once: number(
            of_mapping("ScalingConfig")
                .and_then(|scaling| scaling.get("MaximumConcurrency"))
                .map(text)
                .unwrap_or_default(),
        )?,
        max_receives: number(said(queue, &["RedrivePolicy", "maxReceiveCount"]))?,
        visibility: minutes(said(queue, &["VisibilityTimeout"]))?,
        queue_retention: minutes(said(queue, &["MessageRetentionPeriod"]))?,
        dead_letter_retention: minutes(said(dead_letters, &["MessageRetentionPeriod"]))?,
        longest_hold: minutes(variable(function, "HOLD_MAX_AGE_SECONDS"))?,
        queue: queue_name,
        dead_letter_queue: dead,
        next: None,
        watch: watch(application, &queue.flow)?,
    }))
}

/// Out of the event of the flow's schedule (infra/watch.yaml).
fn watch(application: &Application, flow: &str) -> Result<WatchParts, Refused> {
    let schedule = application.of_kind("AWS::Events::Rule").find(|rule| rule.flow == flow);
    let schedule = schedule.ok_or_else(|| Refused::new(flow, "no schedule"))?;
    let input = schedule.properties.pointer("/Targets/0/Input").map(text).unwrap_or_default();
    let event: Value =
        serde_json::from_str(&input).map_err(|error| Refused::new(&schedule.id, error.to_string()))?;
    let texts = |list: Option<&Value>| -> Vec<String> {
        let texts = list.and_then(Value::as_array).into_iter().flatten().map(text);
        texts.filter(|text| !text.is_empty()).collect()
    };
    let fields = event.get("cadence").and_then(Value::as_object).cloned().unwrap_or_default();
    // An empty list comes as a list of one empty text.
    let holidays = texts(fields.get("holidays"));
    let with = |holidays: Vec<String>| {
        let mut fields = fields.clone();
        fields.insert("holidays".to_owned(), holidays.into());
        let refused = |problems: Vec<Problem>| {
            let problems = problems.into_iter().map(|Problem { path, problem }| format!("{path}: {problem}"));
            Refused::new(&schedule.id, problems.collect::<Vec<_>>().join("; "))
        };
        Cadence::read(fields).map_err(refused)
    };
    Ok(WatchParts {
        cadence: with(holidays.clone())?,
        cadence_of_holiday: with([holidays, vec![FIRST_DAY.to_owned()]].concat())?,
        canary_path: texts(event.get("canary_path")),
        asks_source: event.get("source").is_some_and(|source| !source.is_null()),
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn the_flows_of_the_template_with_what_leads_to_them_and_on_from_them() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let landscape = Landscape::of(&Application::in_folder(&root).unwrap()).unwrap();
        let orders = &landscape.flows[landscape.flow("orders-to-inventory").unwrap()];
        assert_eq!(orders.function, "spillway-prod-orders-to-inventory");
        assert_eq!(orders.queue, "spillway-prod-orders-to-inventory");
        assert_eq!(orders.dead_letter_queue, "spillway-prod-orders-to-inventory-dlq");
        assert!(orders.has_source);
        assert_eq!((orders.timeout_seconds, orders.most_at_once), (30, 5));
        assert_eq!(orders.next, landscape.flow("inventory-to-shipping"));
        let times =
            [orders.max_receives, orders.visibility, orders.queue_retention, orders.dead_letter_retention];
        assert_eq!((times, orders.longest_hold), ([5, 3, 5_760, 20_160], 4_320));
        let shipping = &landscape.flows[landscape.flow("inventory-to-shipping").unwrap()];
        assert_eq!((shipping.has_source, shipping.next), (false, None));
        assert_eq!(orders.watch.canary_path, ["orders-to-inventory", "inventory-to-shipping"]);
        let cadence = |holidays: &str| Cadence::parse(&format!(r#"{{"holidays": [{holidays}]}}"#)).unwrap();
        assert_eq!(orders.watch.cadence, cadence(r#""2026-10-28""#));
        assert_eq!(orders.watch.cadence_of_holiday, cadence(r#""2026-10-28", "2026-11-09""#));
        assert_eq!([orders.watch.asks_source, shipping.watch.asks_source], [true, false]);
        assert_eq!(shipping.watch.canary_path, [""; 0]);
        assert_eq!(landscape.stack, "spillway-prod");
        assert_eq!(landscape.ingest, "spillway-prod-ingest");
        assert_eq!(landscape.stage, "$default");
    }
}
