use super::trials::{Outcome, Trial, Tried};
use super::{Checker, FindingKind};
use crate::contract::Type;
use crate::engine::Came;
use crate::mapping::file::{DefaultValue, MappingFile, Places, Rule, UnknownValue, With};

/// Every expression of the file.
pub(super) fn sources(file: &MappingFile) -> Vec<&str> {
    each(file).into_iter().map(|one| one.text).collect()
}

/// An expression, and what it is for.
struct Written<'f> {
    rule: String,
    text: &'f str,
    with: &'f With,
    /// The rule whose value it makes; the others are conditions.
    makes: Option<usize>,
    /// A message of which it is true is refused.
    refuses: bool,
}

fn each(file: &MappingFile) -> Vec<Written<'_>> {
    let mut all = Vec::new();
    let condition = |rule, text, with| Written { rule, text, with, makes: None, refuses: false };
    let lists =
        file.list.iter().filter_map(|it| Some(condition(it.to.clone(), it.when.as_deref()?, &it.with)));
    all.extend(lists);
    let refusals = file.refuse.iter();
    let refuses = |it| Written { refuses: true, ..it };
    all.extend(refusals.filter_map(|it| Some(refuses(condition(it.name(), it.when.as_deref()?, &it.with)))));
    for (index, rule) in file.rule.iter().enumerate() {
        let to = &rule.to;
        all.extend(rule.when.as_deref().map(|when| condition(to.clone(), when, &rule.with)));
        let makes =
            |text| Written { rule: to.clone(), text, with: &rule.with, makes: Some(index), refuses: false };
        all.extend(rule.expr.as_deref().map(makes));
        if let Some(DefaultValue::When(default)) = &rule.default {
            all.extend(default.when.as_deref().map(|when| condition(to.clone(), when, &default.with)));
        }
    }
    all
}

impl Checker<'_> {
    /// Tries every expression with the values that its places may have, and what it makes against the target.
    pub(super) fn expressions(&mut self) {
        let file = self.file;
        for written in each(file) {
            let Ok(tried) = Tried::parse(written.text, &file.sets) else { continue };
            let used = tried.expression.names();
            let with: Vec<_> = written.with.iter().filter(|(name, _)| used.contains(name)).collect();
            for (name, places) in &with {
                self.compared(&written, &tried, name, places);
            }
            let names = with.iter().map(|(name, places)| (name.as_str(), self.trials(&tried, places)));
            let names: Vec<_> = names.collect();
            match tried.run(&names, written.makes.is_none()) {
                Err(failed) => {
                    let mend = "compare with null first, or with a value of the same kind";
                    self.find(FindingKind::ExpressionFails, &written.rule, "$", failed, mend);
                }
                Ok(outcomes) => {
                    if written.refuses && holds_always(&outcomes, true) {
                        let problem = format!("{} is true of every message", written.text);
                        let mend = "mend the condition: nothing would ever be made";
                        self.find(FindingKind::Refused, &written.rule, "$", problem, mend);
                    }
                    if written.makes.is_none() && holds_always(&outcomes, false) {
                        let problem = format!("{} is never true", written.text);
                        let mend = "take out what stands behind it, or mend the condition";
                        self.find(FindingKind::Dead, &written.rule, "$", problem, mend);
                    }
                    if let Some(rule) = written.makes {
                        let never_null = names.iter().all(|(_, trials)| !trials.contains(&Trial::NULL))
                            && !tried.expression.says_null();
                        self.behind(rule, never_null);
                        self.makes(rule, written.text, outcomes);
                    }
                }
            }
        }
    }

    /// Of values that are all there CEL makes no null by itself.
    fn behind(&mut self, index: usize, never_null: bool) {
        let Some(rule) = self.file.rule.get(index) else { return };
        let text = rule.conversion == crate::mapping::file::ConversionName::String;
        if never_null && !text && !rule.lenient && rule.default.is_some() {
            let problem = "the expression always makes something: the default is never used";
            self.find(FindingKind::Dead, &rule.to, &rule.to, problem, "take the default out");
        }
    }

    fn trials(&self, tried: &Tried<'_>, places: &Places) -> Vec<Trial> {
        let places: Vec<_> = places.iter().filter_map(Self::place).collect();
        let mut trials = Vec::new();
        let sure = |version: &str| places.iter().any(|place| self.sure(place, version));
        if !self.sources.iter().all(|(version, _)| sure(version)) {
            trials.push(Trial::NULL);
        }
        for place in &places {
            for (_, schema) in self.says(place) {
                for trial in schema.map(|schema| tried.values(schema)).unwrap_or_default() {
                    if !trials.contains(&trial) {
                        trials.push(trial);
                    }
                }
            }
        }
        trials
    }

    /// A comparison with a text that never comes is never true.
    fn compared(&mut self, written: &Written<'_>, tried: &Tried<'_>, name: &str, places: &Places) {
        let places: Vec<_> = places.iter().filter_map(Self::place).collect();
        let Some(known) = self.known_texts(&places) else { return };
        let texts = tried.expression.compared().into_iter().filter(|(of, _)| *of == name);
        let never: Vec<_> = texts.map(|(_, text)| text).filter(|text| !known.contains(*text)).collect();
        for text in never {
            let problem = format!("no accepted version of {} sends {text:?}", self.file.from);
            let path = places.first().map(ToString::to_string).unwrap_or_default();
            let mend = "take the comparison out, or mend its text";
            self.find((FindingKind::Dead, text), &written.rule, path, problem, mend);
        }
    }

    /// What the expression of a rule makes is held against its conversion and the target.
    fn makes(&mut self, index: usize, text: &str, outcomes: Vec<Outcome>) {
        let file = self.file;
        let Some(rule) = file.rule.get(index) else { return };
        let map = rule.values.as_ref().and_then(|name| file.values.get(name));
        for Outcome { certain, came } in outcomes {
            if !came.is_set(rule.empty) {
                self.makes_nothing(rule, text);
                continue;
            }
            if let Some(map) = map {
                let key = came.as_key().unwrap_or_default();
                let known = map.knows(&key);
                if certain && !known && map.unknown == UnknownValue::Park {
                    let problem = format!("{text} makes {key:?}, and the value map does not know it");
                    let mend = "add it to the value map, or give that a policy for the unknown";
                    self.find(FindingKind::ValueUnmapped, &rule.to, &rule.to, problem, mend);
                }
                if known || map.unknown != UnknownValue::Pass {
                    continue;
                }
            }
            self.makes_value(index, text, certain, &came);
        }
    }

    fn makes_value(&mut self, index: usize, text: &str, certain: bool, came: &Came<'_>) {
        let Some(rule) = self.file.rule.get(index) else { return };
        let Some(target) = self.target_of(rule) else { return };
        let takes = super::types::takes(rule);
        let (one, kind) = match came {
            Came::Boolean(_) => (Type::Boolean, "a boolean"),
            Came::Integer(_) => (Type::Integer, "an integer"),
            Came::Fraction(_) => (Type::Number, "a number"),
            _ => (Type::String, "a text"),
        };
        if !takes.contains(&one) {
            let problem =
                format!("{text} makes {kind}, which {} cannot take", super::types::name(rule.conversion));
            let mend = "give the rule another `as`, or make another kind of value";
            self.find(FindingKind::TypeMismatch, &rule.to, &rule.to, problem, mend);
        } else if certain {
            self.converts(index, came, &format!("{text} makes"), None);
        } else if target.values.is_some() {
            self.any_may_come(rule, &rule.to);
        }
    }

    fn makes_nothing(&mut self, rule: &Rule, text: &str) {
        let unconditional = rule.default.as_ref().is_some_and(DefaultValue::is_unconditional);
        let needed = Self::place(&rule.to).is_some_and(|to| self.is_required(&to));
        if needed && !unconditional && rule.missing.is_none() && rule.value.is_none() {
            let problem = format!("{} needs it, and {text} makes nothing of some messages", self.file.to);
            let mend = "give the rule a default, or say missing = \"park\"";
            self.find(FindingKind::MayBeMissing, &rule.to, &rule.to, problem, mend);
        }
    }
}

/// Whether it is this for all values that may come; of those that stand for others, another one may make it otherwise.
fn holds_always(outcomes: &[Outcome], this: bool) -> bool {
    let for_sure = |one: &Outcome| one.certain && one.came == Came::Boolean(this);
    outcomes.len() < super::trials::MOST && outcomes.iter().all(for_sure)
}
