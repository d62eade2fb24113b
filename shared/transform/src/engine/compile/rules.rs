//! One rule.

use super::tree::least_items;
use super::{Compiled, Compiler};
use crate::contract::Schema;
use crate::engine::checks::{COUNTRY, CURRENCY, Checks};
use crate::engine::plan::{Default_, Piece, Ref, Rule, Source};
use crate::mapping::file::{ConversionName, DefaultValue, Rule as RuleText, Source as SourceText};
use crate::mapping::path::{Place, Space, Step};

impl Compiler<'_> {
    pub(super) fn rule(&self, text: &RuleText, to: &Place) -> Compiled<Rule> {
        let name = text.to.as_str();
        let lists = self.lists(to, name)?;
        let Some(schema) = self.target.at(to.in_schema()) else {
            return Err(self.wrong(name, format!("{} has no such place", self.file.to)));
        };
        let mut from = Vec::new();
        for source in text.from.iter() {
            from.push(self.source(source, name, &lists)?);
        }
        if let Some(expr) = &text.expr {
            from.push(Source::Expression(self.expression(expr, &text.with, name, &lists)?));
        }
        from.extend(text.value.clone().map(Source::Constant));
        let place = self.always_sent(text).and_then(|place| self.read(place, name, &lists).ok());
        let place = place.or_else(|| from.iter().find_map(first_place));
        let default = text.default.as_ref().map(|default| match default {
            DefaultValue::Always(value) => Ok(Default_ { value: value.clone(), when: None }),
            DefaultValue::When(default) => Ok(Default_ {
                value: default.value.clone(),
                when: self.condition(default.when.as_deref(), &default.with, name, &lists)?,
            }),
        });
        let beside = text.currency.as_deref().map(|place| self.read(place, name, &lists)).transpose()?;
        Ok(Rule {
            to: text.to.clone(),
            from,
            conversion: self.conversion(text)?,
            beside,
            empty: text.empty,
            lenient: text.lenient,
            values: text.values.as_deref().map(|map| self.value_map(map, name)).transpose()?,
            default: default.transpose()?,
            when: self.condition(text.when.as_deref(), &text.with, name, &lists)?,
            required: self.required(to) && !schema.nullable(),
            needed_with: text.needed_with.as_deref().map(|at| self.read(at, name, &lists)).transpose()?,
            checks: match text.conversion {
                ConversionName::Money | ConversionName::MinorMoney => Checks::of_money(schema),
                ConversionName::Currency => Checks::of(schema, Some(CURRENCY)),
                ConversionName::Country => Checks::of(schema, Some(COUNTRY)),
                _ => Checks::of(schema, None),
            }
            .map_err(|problem| self.wrong(name, problem))?,
            place,
            expected: expected(text.conversion),
        })
    }

    /// Of the places that a rule reads, one that every message should have: if all of them are empty, that is the wrong one.
    fn always_sent<'t>(&self, text: &'t RuleText) -> Option<&'t str> {
        let places = text.from.iter().filter_map(|source| match source {
            SourceText::Place(place) => Some(place.as_str()),
            _ => None,
        });
        places.into_iter().find(|text| {
            let Ok(place) = Place::parse(text) else { return false };
            let Some((Step::Name(name), above)) = place.steps.split_last() else { return false };
            let above = Place { space: place.space, steps: above.to_vec() };
            let required = |schema: &&Schema| {
                schema.at(above.in_schema()).is_some_and(|schema| schema.required.contains(name))
            };
            place.space == Space::Payload && self.sources.iter().all(required)
        })
    }

    /// Whether the object or the list that holds the place cannot do without it.
    fn required(&self, to: &Place) -> bool {
        let Some((last, above)) = to.steps.split_last() else { return true };
        let above = Place { space: to.space, steps: above.to_vec() };
        let holder = self.target.at(above.in_schema());
        match last {
            Step::Name(name) => holder.is_some_and(|schema| schema.required.contains(name)),
            Step::Each => true,
            Step::Index(index) => holder.is_some_and(|schema| *index < least_items(schema)),
        }
    }

    fn source(&self, source: &SourceText, rule: &str, lists: &[Vec<Step>]) -> Compiled<Source> {
        Ok(match source {
            SourceText::Place(place) => Source::Place(self.read(place, rule, lists)?),
            SourceText::Join { join, by } => {
                let parts = join.iter().map(|place| self.read(place, rule, lists));
                Source::Join { parts: parts.collect::<Compiled<_>>()?, by: by.clone() }
            }
            SourceText::Template { template } => {
                let mut pieces = Vec::new();
                for piece in
                    crate::mapping::template(template).map_err(|problem| self.wrong(rule, problem))?
                {
                    pieces.push(match piece {
                        Ok(text) => Piece::Text(text.to_owned()),
                        Err(place) => Piece::Place(self.read(place, rule, lists)?),
                    });
                }
                Source::Template(pieces)
            }
        })
    }
}

fn first_place(source: &Source) -> Option<Ref> {
    match source {
        Source::Place(at) => Some(*at),
        Source::Join { parts, .. } => parts.first().copied(),
        Source::Template(pieces) => pieces.iter().find_map(|piece| match piece {
            Piece::Place(at) => Some(*at),
            Piece::Text(_) => None,
        }),
        Source::Expression(condition) => {
            condition.with.iter().find_map(|(_, places)| places.first().copied())
        }
        Source::Constant(_) => None,
    }
}

const fn expected(conversion: ConversionName) -> &'static str {
    match conversion {
        ConversionName::Integer => "an integer",
        ConversionName::Id => "an integer of at most 64 bits, or a string",
        ConversionName::MinorMoney | ConversionName::Minor | ConversionName::Amount => {
            "an integer of minor units"
        }
        ConversionName::Boolean => "a boolean",
        ConversionName::Unit => "a number",
        _ => "a string",
    }
}
