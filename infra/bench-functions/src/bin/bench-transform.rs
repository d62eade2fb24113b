//! The translation alone, text in and text out, beside jaq doing the same. `bench-transform compile` measures instead what a
//! start pays for the mappings.

use std::error::Error;
use std::hint::black_box;
use std::io::Write as _;
use std::time::{Duration, Instant};

use jaq_core::load::{Arena, File, Loader};
use jaq_core::{Compiler, Ctx, Filter, Vars, data, unwrap_valr};
use jaq_json::{Val, read, write};
use message::Envelope;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use transform::canonical::Order;
use transform::{Catalog, Decoded, Translator};

const ORDER: &str = include_str!("../../../bench/peers/order.json");
const FILTER: &str = include_str!("../../../bench/peers/shopify-to-tryton.jq");

/// Before anything is measured; a figure is the median of the rounds.
const WARM_UP: Duration = Duration::from_secs(2);
const ROUND: u32 = 100;
const ROUNDS: usize = 31;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> Result<()> {
    let measured = match std::env::args().nth(1).as_deref() {
        Some("compile") => json!({ "microseconds": compile()? }),
        _ => messages()?,
    };
    writeln!(std::io::stdout(), "{measured}")?;
    Ok(())
}

/// All mappings, from their texts. Only a process's first time is what a start pays.
fn compile() -> Result<f64> {
    let address = json!({ "name": "W", "line1": "D", "city": "B", "postal_code": "10115", "country": "DE" });
    let settings = json!({ "ship_from": address, "service": "standard_service" });
    let started = Instant::now();
    let catalog = Catalog::built_in()?;
    for mapping in catalog.mappings() {
        let settings = mapping.file.settings.as_ref().map_or(&Value::Null, |_| &settings);
        black_box(catalog.plan(&mapping.file.mapping, settings)?);
    }
    Ok(started.elapsed().as_secs_f64() * 1e6)
}

/// As ingest puts it on the queue.
fn webhook(order: &str) -> Result<Envelope> {
    let envelope: Envelope = serde_json::from_value(json!({
        "specversion": "1.0", "id": "event-1", "source": "/shopify/acme.myshopify.com",
        "type": "shopify.orders/create", "time": "2026-11-24T10:00:00Z",
        "correlationid": "event-1", "sourceversion": "2026-10", "data": {},
    }))?;
    Ok(Envelope { data: RawValue::from_string(order.to_owned())?, ..envelope })
}

fn messages() -> Result<Value> {
    let envelope = webhook(ORDER)?;
    let spillway = Spillway::new()?;
    let jaq = Jaq::new(&envelope)?;
    Ok(json!({
        "bytes": ORDER.len(),
        "spillway": measured(|| spillway.translate(black_box(&envelope)))?,
        "jaq": measured(|| jaq.translate(black_box(ORDER)))?,
    }))
}

fn measured(translate: impl Fn() -> Result<String>) -> Result<Value> {
    let round = || -> Result<f64> {
        let started = Instant::now();
        for _ in 0..ROUND {
            black_box(translate()?);
        }
        Ok(started.elapsed().as_secs_f64() * 1e6 / f64::from(ROUND))
    };
    let warm = Instant::now();
    while warm.elapsed() < WARM_UP {
        round()?;
    }
    let mut rounds = (0..ROUNDS).map(|_| round()).collect::<Result<Vec<_>>>()?;
    rounds.sort_by(f64::total_cmp);
    Ok(json!({ "microseconds": rounds.get(ROUNDS / 2), "output": translate()? }))
}

struct Spillway {
    shopify: Translator,
    tryton: Translator,
}

impl Spillway {
    fn new() -> Result<Self> {
        let translator = |name| Translator::built_in(name, &Value::Null);
        Ok(Self { shopify: translator("shopify-order")?, tryton: translator("tryton-sale")? })
    }

    fn translate(&self, envelope: &Envelope) -> Result<String> {
        let Decoded { value: order, .. }: Decoded<Order> = self.shopify.decode(envelope)?;
        Ok(serde_json::to_string(&self.tryton.encode_json(&order)?)?)
    }
}

struct Jaq {
    filter: Filter<data::JustLut<Val>>,
    variables: [Val; 2],
}

impl Jaq {
    fn new(envelope: &Envelope) -> Result<Self> {
        let arena = Arena::default();
        let definitions = jaq_core::defs().chain(jaq_std::defs()).chain(jaq_json::defs());
        let modules = Loader::new(definitions).load(&arena, File { code: FILTER, path: () });
        let modules = modules.map_err(|errors| format!("the filter cannot be read: {errors:?}"))?;
        let filter = Compiler::default()
            .with_funs(jaq_core::funs().chain(jaq_std::funs()).chain(jaq_json::funs()))
            .with_global_vars(["$source", "$version"])
            .compile(modules)
            .map_err(|errors| format!("the filter cannot be compiled: {errors:?}"))?;
        let version = envelope.sourceversion.clone().unwrap_or_default();
        Ok(Self { filter, variables: [Val::from(envelope.source.clone()), Val::from(version)] })
    }

    fn translate(&self, order: &str) -> Result<String> {
        let order = read::parse_single(order.as_bytes())?;
        let context = Ctx::<data::JustLut<Val>>::new(&self.filter.lut, Vars::new(self.variables.clone()));
        let mut made = self.filter.id.run((context, order)).map(unwrap_valr);
        let sale = made.next().ok_or("the filter makes nothing")?.map_err(|error| error.to_string())?;
        let mut text = Vec::new();
        write::write(&mut text, &write::Pp::default(), 0, &sale)?;
        Ok(String::from_utf8(text)?)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;

    #[test]
    fn jaq_makes_the_same_sales_and_refuses_the_same_orders() {
        let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/transform/cases/shopify-order");
        let folders = fs::read_dir(cases).unwrap().map(|entry| entry.unwrap().path());
        let mut orders: Vec<_> = folders
            .filter(|folder| folder.is_dir())
            .map(|folder| {
                let read = |name| fs::read_to_string(folder.join(name)).ok();
                let attributes = read("envelope.json").map_or(json!({}), |text| text.parse().unwrap());
                (folder.display().to_string(), read("input.json").unwrap(), attributes)
            })
            .collect();
        orders.push(("what is measured".to_owned(), ORDER.to_owned(), json!({})));
        let spillway = Spillway::new().unwrap();
        let sale = |made: Result<String>| made.ok().map(|text| text.parse::<Value>().unwrap());
        for (name, order, attributes) in orders {
            let mut envelope = webhook(&order).unwrap();
            if let Some(version) = attributes.get("sourceversion") {
                envelope.sourceversion = version.as_str().map(str::to_owned);
            }
            let ours = sale(spillway.translate(&envelope));
            assert_eq!(sale(Jaq::new(&envelope).unwrap().translate(&order)), ours, "{name}");
        }
    }
}
