//! The new block of template.yaml, and what ingest has to know of it.

use anyhow::{Result, ensure};

use crate::Integration;
use crate::anchors::{at_comment, behind};
use crate::integration::pascal;
use crate::skeleton::Skeleton;

/// What a part of the skeleton puts where.
const PLACES: [(&str, &str); 9] = [
    ("parameters", "parameters"),
    ("secrets", "secrets"),
    ("ingest-queues", "queues of ingest"),
    ("ingest-secrets", "secrets of ingest"),
    ("dashboard-rows", "rows of the dashboard"),
    ("dashboard-functions", "functions of the dashboard"),
    ("accepted", "queues of accepted"),
    ("flow", "flows"),
    ("outputs", "outputs"),
];
const SOURCES: &str = "SOURCES: !Sub >-";

/// With the integration in it, made of these parts of the skeleton.
pub(crate) fn with(template: &str, of: &Integration, skeleton: &Skeleton, target: &str) -> Result<String> {
    let flow = format!("  {}Flow:\n", pascal(&of.name));
    ensure!(!template.contains(&flow), "template.yaml has a flow {} already", of.name);
    let known_source = format!("\"{}\": {{\"scheme\"", of.source);
    let mut parts = vec!["every", target];
    let mut template = if template.contains(&known_source) {
        let routes = template.split_once(&known_source).map_or("", |(_, behind)| behind);
        let routes = routes.split_once("}}").map_or("", |(routes, _)| routes);
        let route = format!("\"{}\":", of.event);
        ensure!(
            !routes.contains(&route),
            "{} of {} goes to another flow already, and an event goes to one queue: say --event or --source",
            of.event,
            of.source
        );
        behind(
            template,
            &[SOURCES, &known_source, "\"routes\": {"],
            open_ended(&skeleton.edit("every/route.yaml")?),
        )?
    } else {
        parts.push("new-source");
        behind(template, &[SOURCES, "{"], open_ended(&skeleton.edit("new-source/source.yaml")?))?
    };
    for (file, anchor) in PLACES {
        for part in &parts {
            let new = skeleton.edit(&format!("{part}/{file}.yaml"))?;
            if !new.is_empty() {
                template = at_comment(&template, anchor, &new)?;
            }
        }
    }
    Ok(template)
}

/// Without the line break at the file's end: what follows goes on in its last line.
fn open_ended(text: &str) -> &str {
    text.strip_suffix('\n').unwrap_or(text)
}
