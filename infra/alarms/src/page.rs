//! docs/alarms.md: the text of page.md, and the table of what rings when.

use std::collections::{BTreeMap, BTreeSet};

use crate::alarm::{Alarm, Kind};
use crate::evaluate::{Evaluator, State, Transition};
use crate::scenarios::{BEGINS, Scenario, scenarios};
use crate::simulate::{Landscape, World};
use crate::template::Application;
use crate::{Refused, alarms};

const TEXT: &str = include_str!("page.md");
const TABLE: &str = "{table}";

/// Instead of a flow's name: every flow that has this alarm.
pub(crate) const EACH: &str = "each";
/// Every flow that a webhook leads to.
pub(crate) const EACH_POSTED: &str = "each with webhooks";
/// Which only those have.
const OF_POSTED: &str = "CanaryLostAlarm";

/// An alarm that rang.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Rang {
    pub flow: String,
    pub alarm: String,
    /// Minutes from the failure's beginning to the evaluation; below zero if it rang before.
    pub after: i64,
    pub times: usize,
}

/// So long an alarm is new: it knows too little of what was before. What rings still after that has rung.
const NEW_FOR: u32 = 30;

/// What rings, each alarm once, the first first; a composite when it acts, as its suppressor lets it. An alarm that tells nobody does not ring.
/// `extra` as in `Evaluator::looking_back`.
pub fn play(alarms: &[Alarm], landscape: &Landscape, scenario: &Scenario, extra: u32) -> Vec<Rang> {
    let recording = World::new(landscape, &scenario.faults).play(scenario.minutes);
    let history = Evaluator::new(alarms).looking_back(extra).history(&recording, scenario.minutes);
    let mut rang: BTreeMap<usize, (u32, usize)> = BTreeMap::new();
    let of_metrics = history.transitions.iter().filter(|transition| {
        alarms.get(transition.alarm).is_some_and(|alarm| matches!(alarm.kind, Kind::Metric(_)))
    });
    let stops_while_new = |rang: &Transition| {
        rang.minute <= NEW_FOR
            && history
                .transitions
                .iter()
                .any(|later| later.alarm == rang.alarm && (rang.minute + 1..=NEW_FOR).contains(&later.minute))
    };
    let told = of_metrics.chain(&history.composite_actions).filter(|transition| {
        let alarm = alarms.get(transition.alarm);
        transition.to == State::Alarm
            && !stops_while_new(transition)
            && alarm.is_some_and(|alarm| !alarm.actions.alarm.is_empty())
    });
    for transition in told {
        rang.entry(transition.alarm).or_insert((transition.minute, 0)).1 += 1;
    }
    let named = |(place, (minute, times)): (usize, (u32, usize))| {
        let alarm = alarms.get(place)?;
        let after = i64::from(minute) - i64::from(BEGINS);
        Some(Rang { flow: alarm.flow.clone(), alarm: alarm.id.clone(), after, times })
    };
    let mut rang = together(alarms, rang.into_iter().filter_map(named).collect());
    rang.sort_by(|a, b| (a.after, &a.flow, &a.alarm).cmp(&(b.after, &b.flow, &b.alarm)));
    rang
}

/// What rings for every flow in the same minute is one line: whoever makes a new one has none to add.
fn together(alarms: &[Alarm], rang: Vec<Rang>) -> Vec<Rang> {
    let with = |id: &str| -> BTreeSet<String> {
        alarms.iter().filter(|alarm| alarm.id == id).map(|alarm| alarm.flow.clone()).collect()
    };
    let mut flows: BTreeMap<(i64, String, usize), BTreeSet<String>> = BTreeMap::new();
    for Rang { flow, alarm, after, times } in rang {
        flows.entry((after, alarm, times)).or_default().insert(flow);
    }
    let posted = with(OF_POSTED);
    let named = |((after, alarm, times), flows): ((i64, String, usize), BTreeSet<String>)| {
        let flows = match flows.len() {
            0 | 1 => flows,
            _ if flows == with(&alarm) => BTreeSet::from([EACH.to_owned()]),
            _ if flows == posted => BTreeSet::from([EACH_POSTED.to_owned()]),
            _ => flows,
        };
        flows.into_iter().map(move |flow| Rang { flow, alarm: alarm.clone(), after, times })
    };
    flows.into_iter().flat_map(named).collect()
}

/// What rings in each scenario.
pub fn played(application: &Application) -> Result<Vec<(Scenario, Vec<Rang>)>, Refused> {
    let (alarms, landscape) = (alarms(application)?, Landscape::of(application)?);
    let play = |scenario: Scenario| {
        let rang = play(&alarms, &landscape, &scenario, Evaluator::EXTRA);
        (scenario, rang)
    };
    Ok(scenarios().into_iter().map(play).collect())
}

/// The page as it has to be for this template.
pub fn page(application: &Application) -> Result<String, Refused> {
    Ok(page_of(&played(application)?))
}

pub fn page_of(played: &[(Scenario, Vec<Rang>)]) -> String {
    let mut table = String::from("| failure | alarm | of | after | what to know |\n|---|---|---|---|---|\n");
    for (scenario, rang) in played {
        if rang.is_empty() {
            line(&mut table, [scenario.failure, "none", "", "", scenario.note]);
        }
        for (place, rang) in rang.iter().enumerate() {
            let (failure, note) = if place == 0 { (scenario.failure, scenario.note) } else { ("", "") };
            let name = rang.alarm.strip_suffix("Alarm").unwrap_or(&rang.alarm);
            let flow = if rang.flow.is_empty() { "all" } else { &rang.flow };
            let again = if rang.times > 1 { format!(", {} times", rang.times) } else { String::new() };
            line(&mut table, [failure, name, flow, &format!("{}{again}", duration(rang.after)), note]);
        }
    }
    TEXT.replace(TABLE, table.trim_end())
}

fn line(table: &mut String, cells: [&str; 5]) {
    table.push_str(&format!("| {} |\n", cells.join(" | ")));
}

fn duration(minutes: i64) -> String {
    let parts = [(minutes / 1_440, "d"), (minutes / 60 % 24, "h"), (minutes % 60, "min")];
    let said: Vec<_> = parts
        .iter()
        .filter(|(count, _)| *count != 0)
        .map(|(count, unit)| format!("{count} {unit}"))
        .collect();
    if said.is_empty() { "at once".to_owned() } else { said.join(" ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_say_what_is_not_zero() {
        let said = [3, 60, 1_441, 0, 11_536].map(duration);
        assert_eq!(said, ["3 min", "1 h", "1 d 1 min", "at once", "8 d 16 min"]);
    }

    #[test]
    fn the_page_has_a_place_for_its_table() {
        assert_eq!(TEXT.matches(TABLE).count(), 1);
    }
}
