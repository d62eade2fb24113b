//! Patterns of contracts are tried: the mappings that read one never use it, and a validator could not.

use super::{Checker, FindingKind};
use crate::contract::Schema;
use crate::engine::regex;

impl Checker<'_> {
    pub(super) fn patterns(&mut self) {
        let file = self.file;
        let contracts =
            self.sources.iter().map(|(version, schema)| (format!("{}@{version}", file.from), *schema));
        let settings = self.settings.zip(file.settings.clone()).map(|(schema, id)| (id, schema));
        let contracts: Vec<_> = contracts.chain([(file.to.clone(), self.target)]).chain(settings).collect();
        for (id, schema) in contracts {
            self.patterns_inside(&id, schema, "$");
        }
    }

    fn patterns_inside(&mut self, contract: &str, schema: &Schema, at: &str) {
        if let Some(Err(error)) = schema.pattern.as_deref().map(regex) {
            let problem = format!("the pattern of {contract} cannot be used: {error}");
            self.find(FindingKind::Unusable, "contracts", at, problem, "mend the pattern in the contract");
        }
        for (name, member) in &schema.properties {
            self.patterns_inside(contract, member, &format!("{at}.{name}"));
        }
        if let Some(items) = &schema.items {
            self.patterns_inside(contract, items, &format!("{at}[]"));
        }
    }
}
