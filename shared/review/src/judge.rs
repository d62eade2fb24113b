//! What the mappings say of a letter today.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use message::{Envelope, Rejection};
use serde_json::Value;
use transform::canonical::identity;
use transform::{Catalog, Explanation, Outcome, Overrides, Plan};

/// A mapping's place in a chain: into the canonical form, and into the target's words.
const LONGEST_CHAIN: usize = 2;

#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// The mappings take it.
    Passes(Tried),
    /// All that is wrong with it.
    Fails(Vec<Wrong>),
    /// No mapping can be asked, and why.
    Unjudged(String),
}

/// Which mappings were asked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Tried {
    /// Stamps, such as `shopify-order/2+1 canonical.order@1`.
    pub mappings: Vec<String>,
    /// Why the one into the target's words was not, where it was not.
    pub not_tried: Option<String>,
}

/// What a mapping does not take: nothing of the message itself.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Wrong {
    /// Empty where no mapping was reached.
    pub mapping: String,
    pub code: String,
    pub path: String,
    pub problem: String,
}

/// The mappings as they are, with the overrides that are in force.
pub struct Judge {
    catalog: Arc<Catalog>,
    overrides: HashMap<String, Overrides>,
    settings: HashMap<String, Value>,
    plans: HashMap<String, Result<Plan, String>>,
}

impl Judge {
    /// `settings`: what mappings read as `@settings`, by the mapping's name; one that reads them and has none is not asked.
    pub fn new(
        catalog: Arc<Catalog>,
        overrides: HashMap<String, Overrides>,
        settings: HashMap<String, Value>,
    ) -> Self {
        Self { catalog, overrides, settings, plans: HashMap::new() }
    }

    /// `stamp`: the mappings that the letter says that it went through.
    pub fn verdict(&mut self, body: &str, stamp: &str) -> Verdict {
        let envelope = match Envelope::decode(body) {
            Ok(envelope) => envelope,
            Err(error) => {
                let Rejection { code, path, summary, .. } = error.into();
                let (code, mapping) = (code.to_string(), String::new());
                return Verdict::Fails(vec![Wrong { mapping, code, path, problem: summary }]);
            }
        };
        let mut next = names(stamp);
        if next.is_empty() {
            return Verdict::Unjudged("it has reached no mapping".to_owned());
        }
        next.reverse();
        let mut payload = envelope.data.get().to_owned();
        let mut tried = Tried { mappings: Vec::new(), not_tried: None };
        while let Some(name) = next.pop() {
            match self.plan(&name) {
                Ok(plan) => match plan.translate(&payload, Some(&envelope)) {
                    Ok(translated) => {
                        payload = translated.value.to_string();
                        tried.mappings.push(plan.stamp().to_owned());
                    }
                    Err(error) => {
                        let wrong = error.problems.into_iter().map(|problem| Wrong {
                            mapping: error.mapping.to_owned(),
                            code: problem.code.to_string(),
                            path: problem.path,
                            problem: format!("expected {}, came {}", problem.expected, problem.came),
                        });
                        return Verdict::Fails(wrong.collect());
                    }
                },
                Err(why) if tried.mappings.is_empty() => return Verdict::Unjudged(why.clone()),
                Err(why) => tried.not_tried = Some(why.clone()),
            }
            if next.is_empty() && tried.mappings.len() == 1 && tried.not_tried.is_none() {
                match self.following(&name) {
                    Ok(following) => next.extend(following),
                    Err(why) => tried.not_tried = Some(why),
                }
            }
            if tried.mappings.len() >= LONGEST_CHAIN {
                break;
            }
        }
        Verdict::Passes(tried)
    }

    /// What each of its mappings reads, makes and refuses of a letter, under the mapping's stamp; as far as they go.
    pub fn explain(&mut self, body: &str, stamp: &str, most_items: usize) -> Vec<(String, Explanation)> {
        let Ok(envelope) = Envelope::decode(body) else { return Vec::new() };
        let mut payload = envelope.data.get().to_owned();
        let mut next: Vec<_> = names(stamp).into_iter().rev().collect();
        let mut explained = Vec::new();
        while let Some(name) = next.pop() {
            let Ok(plan) = self.plan(&name) else { break };
            explained.push((plan.stamp().to_owned(), plan.explain(&payload, Some(&envelope), most_items)));
            let Ok(translated) = plan.translate(&payload, Some(&envelope)) else { break };
            payload = translated.value.to_string();
            if next.is_empty() && explained.len() < LONGEST_CHAIN {
                next.extend(self.following(&name).ok().flatten());
            }
        }
        explained
    }

    /// A member of what the first mapping makes by which the operation of `before` is known, and which `after` would make otherwise. What
    /// `before` does not make, as its mapping refuses it there, no ledger knows it by.
    pub fn another_operation(
        &mut self,
        before: &str,
        after: &str,
        stamp: &str,
    ) -> Result<Option<String>, String> {
        let before = self.identity(before, stamp)?;
        let after = self.identity(after, stamp)?;
        Ok(before
            .into_iter()
            .find(|(member, value)| after.get(member) != Some(value))
            .map(|(member, _)| member))
    }

    /// By member, as far as the mapping makes it. Of a body that is no envelope nothing.
    fn identity(&mut self, body: &str, stamp: &str) -> Result<BTreeMap<String, Value>, String> {
        let Some(name) = names(stamp).into_iter().next() else {
            return Err("it has reached no mapping".to_owned());
        };
        let makes = self.catalog.mapping(&name).map_err(|error| error.to_string())?.file.to.clone();
        let entity = makes.split('@').next().unwrap_or_default();
        let members = identity(entity).ok_or_else(|| format!("{entity} says no identity"))?;
        let plan = self.plan(&name).map_err(|why| why.clone())?;
        let Ok(envelope) = Envelope::decode(body) else { return Ok(BTreeMap::new()) };
        let explained = plan.explain(envelope.data.get(), Some(&envelope), 0);
        let made = explained.rules.into_iter().filter(|rule| members.contains(&rule.to.as_str()));
        Ok(made
            .filter_map(|rule| match rule.outcome {
                Outcome::Made { value, .. } | Outcome::Default { value } => Some((rule.to, value)),
                Outcome::Absent => Some((rule.to, Value::Null)),
                Outcome::Missing | Outcome::Refused(_) => None,
            })
            .collect())
    }

    fn plan(&mut self, name: &str) -> Result<&Plan, &String> {
        let (catalog, overrides, settings) = (&self.catalog, &self.overrides, &self.settings);
        let compiled = self.plans.entry(name.to_owned()).or_insert_with(|| {
            let file = &catalog.mapping(name).map_err(|error| error.to_string())?.file;
            let settings = match (&file.settings, settings.get(name)) {
                (None, _) => &Value::Null,
                (Some(_), Some(settings)) => settings,
                (Some(contract), None) => {
                    return Err(format!("{name} reads settings ({contract}) that were not said"));
                }
            };
            let standing = overrides.get(name).cloned().unwrap_or_default();
            catalog.plan_with(name, &standing, settings).map_err(|error| error.without_values())
        });
        compiled.as_ref()
    }

    /// The mapping that goes on with what this one makes, if it is canonical and one alone reads it.
    fn following(&self, name: &str) -> Result<Option<String>, String> {
        let Ok(made) = self.catalog.mapping(name).map(|mapping| mapping.file.to.clone()) else {
            return Ok(None);
        };
        let entity = made.split('@').next().unwrap_or_default();
        if !entity.starts_with("canonical.") {
            return Ok(None);
        }
        let mut readers = self
            .catalog
            .mappings()
            .map(|mapping| &mapping.file)
            .filter(|file| file.from == entity && !file.to.starts_with("canonical."))
            .map(|file| file.mapping.clone());
        match (readers.next(), readers.next()) {
            (only, None) => Ok(only),
            (_, Some(_)) => Err(format!("several mappings read {entity}")),
        }
    }
}

/// Of a stamp: `shopify-order/2+1 canonical.order@1, tryton-sale/2 tryton.sale@8.2`.
fn names(stamp: &str) -> Vec<String> {
    stamp.split(", ").filter_map(|one| one.split_once('/')).map(|(name, _)| name.to_owned()).collect()
}
