//! One rule: what it reads, and what it makes of that.

use message::Code;
use serde_json::Value;

use super::{Frame, Made, Run};
use crate::engine::came::Came;
use crate::engine::convert::{self, Conversion, Refused};
use crate::engine::plan::{Note, Piece, Ref, Rule, Source, Values};
use crate::problem::Kind;

/// All texts that are made of one message: one text may be put into every item of a list.
const MOST_MADE_BYTES: usize = 16 * 1_048_576;

/// What a rule has read.
pub(crate) enum Read<'r> {
    Came(&'r Came<'r>),
    /// By a template, a join or an expression.
    Made(Came<'r>),
}

impl<'p, 'm: 'p> Run<'p, 'm> {
    pub(crate) fn rule(&mut self, rule: &'p Rule, index: usize, frame: &Frame<'_, 'm>) -> Made {
        if let Some(when) = &rule.when {
            match self.holds(when, frame) {
                Ok(true) => {}
                Ok(false) => return Made::Absent,
                Err(refused) => return self.failed(refused, rule.place, frame),
            }
        }
        for source in &rule.from {
            let at = if let Source::Place(at) = source { Some(*at) } else { rule.place };
            match self.from(source, rule, frame) {
                Ok(Some((value, known))) => {
                    if let (false, Some(at)) = (known, at) {
                        let path =
                            self.path(at, &Frame { scope: frame.scope, index: None, parent: None, depth: 0 });
                        self.note(Note::UnknownValue { path });
                    }
                    return match rule.checks.check(&value).and_then(|()| self.grow(&value)) {
                        Ok(()) => Made::Value(value),
                        Err(refused) => self.failed(rule.told(refused), at, frame),
                    };
                }
                Ok(None) => {}
                Err(refused) => return self.failed(rule.told(refused), at, frame),
            }
        }
        self.without(rule, index, frame)
    }

    fn grow(&mut self, value: &Value) -> Result<(), Refused> {
        self.made_bytes = self.made_bytes.saturating_add(value.as_str().map_or(0, str::len));
        if self.made_bytes <= MOST_MADE_BYTES {
            return Ok(());
        }
        Err(Refused::new(Code::LimitExceeded, "fewer or shorter texts: at most 16 MiB are made of a message"))
    }

    /// What one source gives, converted, and whether the value map knew it. `None`: nothing is set there, or nothing that a
    /// lenient rule can use.
    pub(crate) fn from(
        &self,
        source: &Source,
        rule: &Rule,
        frame: &Frame<'_, 'm>,
    ) -> Result<Option<(Value, bool)>, Refused> {
        if let Source::Constant(value) = source {
            return Ok(Some((value.clone(), true)));
        }
        let read = rule.lenient(self.read(source, rule, frame))?.flatten();
        let came = match &read {
            None => return Ok(None),
            Some(Read::Came(came)) => *came,
            Some(Read::Made(came)) => came,
        };
        // What a value map says of a value holds, however lenient the rule is.
        let mapped = rule.values.as_ref().map_or(Ok(None), |values| self.mapped(values, rule, came))?;
        let found = match mapped {
            Some(mapped) => Some(mapped),
            None => {
                if let (Conversion::String { pattern: Some(_) }, Came::Text(text)) = (&rule.conversion, came)
                {
                    self.scan(text.len())?;
                }
                let beside = rule.beside.map(|beside| self.came(beside, frame));
                let value = rule.lenient(rule.conversion.convert(came, beside, source.is_composed()))?;
                value.map(|value| (value, rule.values.is_none()))
            }
        };
        // What a conversion leaves empty is nothing.
        Ok(found.filter(|(value, _)| rule.empty || value.as_str() != Some("")))
    }

    /// What the value map has for it; `None` where it passes as it came.
    fn mapped(
        &self,
        values: &Values,
        rule: &Rule,
        came: &Came<'_>,
    ) -> Result<Option<(Value, bool)>, Refused> {
        if came.as_key().is_none() {
            return Err(Refused::new(Code::TypeMismatch, rule.expected));
        }
        self.known(values, came)
    }

    fn failed(&mut self, refused: Refused, at: Option<Ref>, frame: &Frame<'_, 'm>) -> Made {
        let at = refused.at.or(at);
        let absent = at.is_some_and(|at| refused.beside && self.came(at, frame).is_absent());
        let refused = if absent { Refused::new(Code::FieldMissing, "a string") } else { refused };
        match at {
            Some(at) => self.problem(refused, at, frame),
            None => self.problems.push(refused.code, "$".to_owned(), refused.expected, Kind::Object),
        }
        Made::Failed
    }

    /// Nothing is set where the rule reads.
    fn without(&mut self, rule: &'p Rule, index: usize, frame: &Frame<'_, 'm>) -> Made {
        // A place whose way leads through something else than an object is wrong, not absent.
        if let Some(at) = rule.place {
            let outer = self.outermost_absent(at, frame);
            if outer.node != at.node && !self.came(outer, frame).is_absent() {
                let expected = self.expected_of(outer);
                return self.failed(Refused::new(Code::TypeMismatch, expected), Some(outer), frame);
            }
        }
        if let Some(default) = &rule.default {
            let applies = default.when.as_ref().map_or(Ok(true), |when| self.holds(when, frame));
            match applies {
                Ok(true) => return Made::Default(default.value.clone()),
                Ok(false) => {}
                Err(refused) => return self.failed(refused, rule.place, frame),
            }
        }
        let needed = rule.needed_with.is_some_and(|with| !self.came(with, frame).is_absent());
        if rule.required || needed {
            if needed {
                self.missing(index, frame);
                return Made::Failed;
            }
            return Made::Missing(index);
        }
        Made::Absent
    }

    /// What the source has, if something is set there.
    pub(crate) fn read<'r>(
        &'r self,
        source: &'r Source,
        rule: &Rule,
        frame: &'r Frame<'_, 'm>,
    ) -> Result<Option<Read<'r>>, Refused> {
        let text = |at: Ref| {
            let came = self.came(at, frame);
            if !came.is_set(false) {
                return Ok(None);
            }
            self.fits(at, came)?;
            match came {
                Came::Text(_) => convert::text(came).map(Some),
                other => match other.as_key() {
                    Some(key) => Ok(Some(key)),
                    None => Err(Refused::new(Code::TypeMismatch, "a string")),
                },
            }
        };
        Ok(match source {
            Source::Place(at) => {
                let came = self.came(*at, frame);
                self.fits(*at, came)?;
                came.is_set(rule.empty).then_some(Read::Came(came))
            }
            Source::Join { parts, by } => {
                let mut joined = String::new();
                for part in parts {
                    if let Some(part) = text(*part)? {
                        if !joined.is_empty() {
                            joined.push_str(by);
                        }
                        joined.push_str(&part);
                    }
                }
                (!joined.is_empty()).then(|| Read::Made(Came::Text(joined.into())))
            }
            Source::Template(pieces) => {
                let mut made = String::new();
                for piece in pieces {
                    match piece {
                        Piece::Text(text) => made.push_str(text),
                        Piece::Place(at) => match text(*at)? {
                            Some(text) => made.push_str(&text),
                            None => return Ok(None),
                        },
                    }
                }
                Some(Read::Made(Came::Text(made.into())))
            }
            Source::Constant(_) => None,
            Source::Expression(condition) => {
                let came = self.evaluate(condition, frame)?;
                came.is_set(rule.empty).then_some(Read::Made(came))
            }
        })
    }
}
