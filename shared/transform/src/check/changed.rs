//! A new contract beside the one before it: what the other checks cannot judge by themselves.

use std::collections::BTreeSet;

use super::sources::conditions;
use super::{Checker, FindingKind};
use crate::contract::{Change, Effect, Schema, diff};
use crate::mapping::file::{ConversionName, ListRule};
use crate::mapping::path::{Place, Space, without_indices};

impl Checker<'_> {
    pub(super) fn changed(&mut self) {
        if let (Some(before), Some((_, now))) = (self.before.source, self.sources.first().copied()) {
            self.changes_of_a_source(before, now, Space::Payload);
        }
        if let (Some(before), Some(now)) = (self.before.settings, self.settings) {
            self.changes_of_a_source(before, now, Space::Settings);
        }
        if let Some(before) = self.before.target {
            let changes = diff(before, self.target);
            let made = self.made_places();
            let narrower =
                |change: &&Change| matches!(change.effect, Effect::BreaksWriters | Effect::BreaksBoth);
            // Types and values are held against the rules by the other checks.
            for change in changes.iter().filter(narrower).filter(|change| change.is_limit) {
                self.tell(change, &made, "see that what the rule makes is within it");
            }
        }
    }

    /// All that is made, with the rule that makes it: of an amount its members too, and lists themselves.
    fn made_places(&self) -> Vec<(String, Place)> {
        let mut made = Vec::new();
        for rule in &self.file.rule {
            let members: &[_] = if is_object(rule.conversion) { &["", ".minor", ".currency"] } else { &[""] };
            let places = members.iter().filter_map(|member| Self::place(&format!("{}{member}", rule.to)));
            made.extend(places.map(|place| (rule.to.clone(), place)));
        }
        made.extend(self.lists(|list| &list.to));
        made
    }

    fn lists(&self, of: impl Fn(&ListRule) -> &str) -> Vec<(String, Place)> {
        let list = |list: &ListRule| Some((list.to.clone(), Self::place(of(list))?.list()?));
        self.file.list.iter().filter_map(list).collect()
    }

    /// What a condition compares, a `match` takes or an expression computes is known to its author alone, and so is what stands
    /// in a text that comes in another form. The rest of what the rules convert the other checks hold against the new contract.
    fn changes_of_a_source(&mut self, before: &Schema, now: &Schema, space: Space) {
        let file = self.file;
        let mut judged: Vec<(String, Place)> = Vec::new();
        for (rule, with) in conditions(file) {
            let places = with.values().flat_map(|places| places.iter()).filter_map(Self::place);
            judged.extend(places.map(|place| (rule.clone(), place)));
        }
        let mut asked = judged.clone();
        for rule in &file.rule {
            if rule.pattern.is_some() || rule.expr.is_some() {
                let places = super::sources::alternatives(rule).into_iter().flat_map(|one| one.places);
                judged.extend(places.map(|place| (rule.to.clone(), place)));
            }
        }
        let mut read = self.places_read();
        read.extend(self.lists(|list| &list.from));
        for places in [&mut judged, &mut asked, &mut read] {
            places.retain(|(_, place)| place.space == space);
        }
        let wider = |change: &&Change| matches!(change.effect, Effect::BreaksReaders | Effect::BreaksBoth);
        let changes = diff(before, now);
        for change in changes.iter().filter(wider) {
            self.tell(
                change,
                &judged,
                "see that the condition, the expression or the `match` is still right",
            );
            if change.is_limit {
                self.tell(change, &read, "see that what the rule makes of it is still right");
            }
        }
        // What comes always now, or never, may be the very thing that a condition asks.
        let surer = |change: &&Change| change.effect == Effect::BreaksWriters && !change.is_limit;
        for change in changes.iter().filter(surer) {
            self.tell(change, &asked, "see that the condition is still right");
        }
    }

    fn tell(&mut self, change: &Change, places: &[(String, Place)], mend: &str) {
        // What is dead is not asked of one contract alone.
        let breaks = self.findings.iter().filter(|it| it.kind != FindingKind::Dead);
        let told: BTreeSet<_> = breaks.map(|it| (it.rule.clone(), normal(&it.path))).collect();
        // What is said of a list's items may be of the list.
        let is_told = |rule: &String, path: &str| {
            [path.to_owned(), format!("{path}[]")]
                .into_iter()
                .any(|path| told.contains(&(rule.clone(), path)))
        };
        for (rule, place) in places {
            let path = normal(&place.to_string());
            if path == change.path && !is_told(rule, &path) {
                self.find(FindingKind::Changed, rule, place, &change.what, mend);
            }
        }
    }
}

const fn is_object(conversion: ConversionName) -> bool {
    matches!(conversion, ConversionName::Money | ConversionName::MinorMoney)
}

/// A place as contracts name it, whichever item, and whichever document it is of.
fn normal(path: &str) -> String {
    let path = path.replacen("@settings", "$", 1);
    let path = if path.starts_with(['$', '@']) { path } else { format!("$.{path}") };
    without_indices(&path)
}
