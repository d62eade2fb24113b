//! What stands in a mapping and does nothing.

use std::collections::BTreeSet;

use super::{Checker, FindingKind};
use crate::mapping::file::{ConversionName, Rule, Source};

impl Checker<'_> {
    /// Parts of the file, one after the other.
    pub(super) fn without_effect(&mut self) {
        let file = self.file;
        let mut lists = BTreeSet::new();
        for list in &file.list {
            if !lists.insert(&list.to) {
                self.nothing(&list.to, "another [[list]] says what it is made of", "take one of them out");
            }
            if list.when.is_none() && !list.with.is_empty() {
                self.nothing(&list.to, "`with` without `when`", "take it out");
            }
        }
        for refuse in &file.refuse {
            let rule = refuse.name();
            if refuse.when.is_none() && refuse.values.is_none() {
                self.nothing(&rule, "neither `when` nor `values` says when", "say when, or take it out");
            }
        }
        let versions: BTreeSet<_> = file.accepts.iter().collect();
        if versions.len() < file.accepts.len() {
            self.nothing("accepts", "a version stands there twice", "take one out");
        }
        if versions.len() > 1 && file.version_at.is_none() {
            let problem = "several versions, and nothing says which of them a message is";
            self.nothing("accepts", problem, "say `version_at`");
        }
    }

    /// Keys of a rule that its conversion does not look at.
    pub(super) fn ignored(&mut self, rule: &Rule) {
        use ConversionName as As;
        let of = rule.conversion;
        let ignored = [
            ("match", rule.pattern.is_some() && of != As::String),
            ("expected", rule.expected.is_some() && rule.pattern.is_none()),
            ("formats", !rule.formats.is_empty() && !matches!(of, As::Instant | As::Date)),
            ("offset", rule.offset.is_some() && of != As::Instant),
            (
                "currency",
                rule.currency.is_some()
                    && !matches!(of, As::Money | As::MinorMoney | As::Minor | As::Amount | As::Subdivision),
            ),
            (
                "exponents",
                !rule.exponents.is_empty() && !matches!(of, As::MinorMoney | As::Minor | As::Amount),
            ),
            ("unit", rule.unit.is_some() && of != As::Unit),
            ("yes", rule.yes.is_some() && of != As::Boolean),
            ("no", rule.no.is_some() && of != As::Boolean),
            ("with", !rule.with.is_empty() && rule.expr.is_none() && rule.when.is_none()),
        ];
        for (key, _) in ignored.into_iter().filter(|(_, ignored)| *ignored) {
            let problem = format!("`{key}` has no effect here");
            self.nothing(&rule.to, &problem, "take it out, or give the rule another `as`");
        }
        if let Some(pattern) = &rule.pattern
            && regex_lite::Regex::new(pattern).is_ok_and(|pattern| pattern.captures_len() < 2)
        {
            let mend = "put what is to be taken into parentheses";
            self.find(FindingKind::Unusable, &rule.to, &rule.to, "`match` has no group", mend);
        }
        let nothing = rule.from.iter().next().is_none() && rule.expr.is_none() && rule.value.is_none();
        if nothing && rule.default.is_none() {
            self.nothing(&rule.to, "it reads nothing and makes nothing", "say `from`, `expr` or `value`");
        }
        let place = |source: &Source| match source {
            Source::Place(place) => Some(place.clone()),
            _ => None,
        };
        let places: Vec<_> = rule.from.iter().filter_map(place).collect();
        let different: BTreeSet<_> = places.iter().collect();
        let told = |it: &super::Finding| it.kind == FindingKind::Dead && it.rule == rule.to;
        if different.len() < places.len() && !self.findings.iter().any(told) {
            self.nothing(&rule.to, "a place stands in `from` twice", "take one out");
        }
    }

    fn nothing(&mut self, rule: &str, problem: &str, mend: &str) {
        self.find(FindingKind::Dead, rule, rule, problem, mend);
    }
}
