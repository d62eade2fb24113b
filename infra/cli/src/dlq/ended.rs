//! How a redrive ended, and what to do then.

use std::collections::BTreeMap;

use review::{Ended, Progress, Why as Ending};
use serde_json::{Value, json};

use super::words::{clean, letters};
use crate::answer::Answer;
use crate::table::table;

/// `failing`: letters of the plan that a mapping would refuse, and that nobody has asked to move.
pub(super) fn answer(
    plan: &str,
    ended: &BTreeMap<String, Ended>,
    not_begun: &[String],
    failing: usize,
) -> Answer {
    let rows: Vec<_> = ended
        .iter()
        .map(|(flow, it)| {
            let left = left(it).map_or("not known".to_owned(), |left| left.to_string());
            let [moved, back] = [it.progress.moved, it.progress.failures()].map(|count| count.to_string());
            [flow.clone(), moved, left, back, it.changed.len().to_string(), why(it.why).to_owned()]
        })
        .collect();
    let mut parts = vec![table(["flow", "moved", "left", "came back", "changed", "ended"], &rows, true)];
    let mut said = Vec::new();
    for (flow, it) in ended {
        said.extend(it.progress.came_back.iter().map(|(code, count)| {
            format!("{flow}: {} came back with {}: spillway dlq list", letters(*count), clean(code))
        }));
        if it.progress.came_back_before > 0 {
            let back = letters(it.progress.came_back_before);
            said.push(format!("{flow}: {back} had come back before this run; to move those, plan again"));
        }
        if !it.changed.is_empty() {
            let ids = it.changed.join(" ");
            said.push(format!("{flow}: left, as edited since the plan was made; plan again: {ids}"));
        }
        match it.why {
            Ending::Done => {}
            Ending::Failures => said.push(format!(
                "{flow}: stopped by itself, as too many came back. Look at one, and mend why; then plan again those that came back. The \
                 rest goes on as below, judged by what comes back from then on; --max-failures says how many may"
            )),
            Ending::Stopped => said.push(format!("{flow}: broken off")),
            Ending::HiddenElsewhere => {
                said.push(format!("{flow}: somebody else is still looking at letters of the plan"));
            }
            Ending::NotAllSeen => said.push(format!(
                "{flow}: not all letters could be seen, as there are more than are hidden at once, and none of the plan was among them: \
                 discard or redrive others first"
            )),
        }
    }
    if failing > 0 {
        let left = letters(u64::try_from(failing).unwrap_or(u64::MAX));
        said.push(format!("{left} of the plan left where they are, as a mapping would refuse them"));
    }
    said.extend(not_begun.iter().map(|flow| format!("{flow}: not begun")));
    let all_moved =
        ended.values().all(|it| it.why == Ending::Done && it.changed.is_empty()) && not_begun.is_empty();
    if !all_moved {
        said.push(format!("To go on: spillway dlq redrive {plan} --reason WHY"));
    }
    if !said.is_empty() {
        parts.push(said.join("\n"));
    }
    let back = |it: &Ended| it.progress.failures() + it.progress.came_back_before;
    let good = all_moved && ended.values().all(|it| back(it) == 0);
    let each = ended.iter().map(|(flow, it)| of_flow(flow, it));
    let json = json!({ "plan": plan, "flows": each.collect::<Vec<_>>(), "not_begun": not_begun, "would_fail": failing });
    Answer { text: parts.join("\n\n"), json, good }
}

/// Of what was to be moved; a look that did not come to the queue's end has not seen it.
fn left(ended: &Ended) -> Option<u64> {
    let Progress { wanted, gone, .. } = ended.progress;
    (!matches!(ended.why, Ending::Stopped | Ending::NotAllSeen)).then(|| wanted.saturating_sub(gone))
}

fn of_flow(flow: &str, ended: &Ended) -> Value {
    let Progress { wanted, moved, came_back, came_back_before, .. } = &ended.progress;
    json!({
        "flow": flow, "ended": why(ended.why), "wanted": wanted, "moved": moved, "left": left(ended),
        "came_back": came_back, "came_back_before": came_back_before, "changed": ended.changed,
    })
}

fn why(why: Ending) -> &'static str {
    match why {
        Ending::Done => "done",
        Ending::Failures => "too many came back",
        Ending::Stopped => "stopped",
        Ending::HiddenElsewhere => "hidden by others",
        Ending::NotAllSeen => "not all seen",
    }
}
