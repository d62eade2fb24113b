use std::path::Path;
use transform::Catalog;
use serde_json::Value;
use message::Envelope;
use serde_json::value::RawValue;
fn webhook(payload: &str) -> Envelope {
    Envelope { specversion: "1.0".into(), id: "a".into(), source: "/shopify/acme.myshopify.com".into(), event_type: "shopify.orders/create".into(), time: "2026-11-24T09:15:32Z".parse().unwrap(), datacontenttype: None, correlationid: "c".into(), deliveryid: None, sourceversion: Some("2026-10".into()), data: RawValue::from_string(payload.to_owned()).unwrap() }
}
fn sync<T: Send + Sync>(_: &T) {}
#[test]
fn goldens() {
    let t = std::time::Instant::now();
    let catalog = Catalog::built_in().unwrap();
    println!("catalog {:?}", t.elapsed());
    let t = std::time::Instant::now();
    let decode = catalog.plan("shopify-order", &Value::Null).unwrap();
    let sale = catalog.plan("tryton-sale", &Value::Null).unwrap();
    let from: Value = serde_json::from_str(&std::fs::read_to_string("tests/fixtures/ship-from.json").unwrap()).unwrap();
    let karrio = catalog.plan("karrio-shipment", &serde_json::json!({"ship_from": from, "service": "standard_service"})).unwrap();
    let reservation = catalog.plan("canonical-reservation", &Value::Null).unwrap();
    println!("plans {:?}", t.elapsed());
    sync(&decode);
    for case in std::fs::read_dir("tests/fixtures/shopify").unwrap() {
        let case = case.unwrap().path();
        let name = case.file_name().unwrap().to_string_lossy().into_owned();
        let payload = std::fs::read_to_string(case.join("payload.json")).unwrap();
        let read = |f: &str| -> Option<Value> { let p: &Path = &case.join(f); p.exists().then(|| serde_json::from_str(&std::fs::read_to_string(p).unwrap()).unwrap()) };
        match decode.decode::<transform::canonical::Order>(&webhook(&payload)) {
            Ok((order, notes)) => {
                println!("{name}: ok {notes:?}");
                assert_eq!(Some(serde_json::to_value(&order).unwrap()), read("canonical.json"), "{name}");
                let (s, _) = sale.encode::<Value>(&order).unwrap();
                assert_eq!(Some(s), read("tryton.json"), "{name}");
                let r = order.reserved_as("42".to_owned(), Some("SHP-42".to_owned()));
                let (s, _) = karrio.encode::<Value>(&r).unwrap();
                assert_eq!(Some(s), read("karrio.json"), "{name}");
                let mut e = webhook(&serde_json::to_string(&r).unwrap()); e.sourceversion = Some("1".into());
                assert_eq!(reservation.decode::<transform::canonical::Reservation>(&e).unwrap().0, r);
            }
            Err(e) => {
                println!("{name}: {e}");
                let golden = read("problems.json").unwrap();
                for p in &e.problems { if !golden["problems"].as_array().unwrap().iter().any(|g| g["path"] == p.path.as_str() && g["code"] == p.code.as_str()) { println!("   new {} {} {} {}", p.code.as_str(), p.path, p.expected, p.came); } }
                for g in golden["problems"].as_array().unwrap() { if !e.problems.iter().any(|p| g["path"] == p.path.as_str() && g["code"] == p.code.as_str()) { println!("   gone {g}"); } }
            }
        }
    }
}
#[test]
fn speed() {
    fn find(d: &Path, out: &mut Vec<String>) { for e in std::fs::read_dir(d).unwrap() { let p = e.unwrap().path(); if p.is_dir() { find(&p, out) } else { out.push(std::fs::read_to_string(p).unwrap()) } } }
    let (mut c, mut m) = (vec![], vec![]);
    find(Path::new("contracts"), &mut c); find(Path::new("mappings"), &mut m);
    for _ in 0..3 {
    let t = std::time::Instant::now();
    for x in &c { std::hint::black_box(serde_json::from_str::<Value>(x).unwrap()); }
    println!("catalog json {:?}", t.elapsed());
    let t = std::time::Instant::now();
    transform::contract::Contracts::read(c.iter().map(String::as_str)).unwrap();
    println!("catalog contracts {:?}", t.elapsed());
    let t = std::time::Instant::now();
    for x in &m { std::hint::black_box(transform::mapping::file::MappingFile::parse(x).unwrap()); }
    println!("catalog toml {:?}", t.elapsed());
    }
    let t = std::time::Instant::now();
    let catalog = Catalog::built_in().unwrap();
    println!("catalog {:?}", t.elapsed());
    let t = std::time::Instant::now();
    let decode = catalog.plan("shopify-order", &Value::Null).unwrap();
    let sale = catalog.plan("tryton-sale", &Value::Null).unwrap();
    println!("plans {:?}", t.elapsed());
    let payload = std::fs::read_to_string("tests/fixtures/shopify/full/payload.json").unwrap();
    let payload = serde_json::from_str::<Value>(&payload).unwrap().to_string();
    let e = webhook(&payload);
    println!("{} bytes", payload.len());
    for _ in 0..3 {
        let n = 5000;
        let t = std::time::Instant::now();
        for _ in 0..n { std::hint::black_box(decode.translate(&payload, Some(&e)).unwrap()); }
        let a = t.elapsed()/n;
        let t = std::time::Instant::now();
        let mut o = None;
        for _ in 0..n { o = Some(decode.decode::<transform::canonical::Order>(&e).unwrap().0); }
        let b = t.elapsed()/n;
        let o = o.unwrap();
        let t = std::time::Instant::now();
        for _ in 0..n { std::hint::black_box(sale.encode::<Value>(&o).unwrap()); }
        let c = t.elapsed()/n;
        let t = std::time::Instant::now();
        for _ in 0..n { std::hint::black_box(serde_json::from_str::<Value>(&payload).unwrap()); }
        let d = t.elapsed()/n;
        let t = std::time::Instant::now();
        for _ in 0..n { std::hint::black_box(serde_json::from_str::<serde::de::IgnoredAny>(&payload).unwrap()); }
        println!("translate {a:?} decode {b:?} encode {c:?} | value {d:?} ignored {:?}", t.elapsed()/n);
        let t = std::time::Instant::now();
        for _ in 0..n { std::hint::black_box(transform::shopify::order(&e).unwrap()); }
        println!("old {:?}", t.elapsed()/n);
    }
}
