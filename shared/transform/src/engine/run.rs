use std::borrow::Cow;

use message::{Code, Envelope};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::came::Came;
use super::capture::{Noticed, Scope};
use super::convert::Refused;
use super::plan::{
    Attempt, Condition, ListRef, Note, Out, OutFixed, OutList, OutMember, Piece, Plan, Ref, Refusal, Rule,
    Source, Translated, Unknown, Values,
};
use super::shape::Node;
use crate::contract::{Type, Types};
use crate::mapping::path::Space;
use crate::problem::{Kind, MappingError, Problems};

/// What SQS carries in one message.
pub(super) const MAX_PAYLOAD_BYTES: usize = 1_048_576;
/// Unknown members and values that one message is asked for.
const MOST_NOTES: usize = 32;
/// All texts that are made of one message: one text may be put into every item of a list.
const MOST_MADE_BYTES: usize = 16 * 1_048_576;

impl Plan {
    /// A source's message, out of its envelope, as the canonical type.
    pub fn decode<T: DeserializeOwned>(&self, envelope: &Envelope) -> Result<T, MappingError> {
        let translated = self.translate(envelope.data.get(), Some(envelope))?;
        self.typed(translated.value)
    }

    /// A canonical value in the target's words.
    pub fn encode<T: DeserializeOwned>(&self, canonical: &impl Serialize) -> Result<T, MappingError> {
        self.typed(self.encode_json(canonical)?)
    }

    /// As [`Self::encode`], for those who want JSON and no type.
    pub fn encode_json(&self, canonical: &impl Serialize) -> Result<Value, MappingError> {
        let payload = serde_json::to_string(canonical).map_err(|_| {
            let expected = "a canonical value that can be written as JSON";
            self.refuse(Code::ValueInvalid, "$", expected, Kind::Unreadable)
        })?;
        Ok(self.translate(&payload, None)?.value)
    }

    pub(crate) fn typed<T: DeserializeOwned>(&self, value: Value) -> Result<T, MappingError> {
        serde_json::from_value(value).map_err(|_| {
            self.refuse(Code::ValueInvalid, "$", "what the contract of the target says", Kind::Object)
        })
    }

    fn refuse(&self, code: Code, path: &str, expected: &'static str, came: Kind) -> MappingError {
        MappingError::one(self.stamp, code, path, expected, came)
    }

    /// A payload in the target's words. `envelope` is what `@envelope` reads; where there is none, nothing.
    pub fn translate(&self, payload: &str, envelope: Option<&Envelope>) -> Result<Translated, MappingError> {
        let Attempt { made, notes, .. } = self.attempt(payload, envelope);
        Ok(Translated { value: made?, notes })
    }

    /// As [`Self::translate`], with what was seen of a message that is refused.
    pub(crate) fn attempt(&self, payload: &str, envelope: Option<&Envelope>) -> Attempt {
        let unread = |error| Attempt { made: Err(error), notes: Vec::new(), present: None };
        if payload.len() > MAX_PAYLOAD_BYTES {
            let expected = "a payload of at most 1 MiB";
            return unread(self.refuse(Code::LimitExceeded, "$", expected, Kind::Unreadable));
        }
        let mut noticed = Noticed::default();
        let mut deserializer = serde_json::Deserializer::from_str(payload);
        let captured = Scope::capture(&self.payload, &mut deserializer, &mut noticed);
        let captured = captured.and_then(|scope| deserializer.end().map(|()| scope));
        let Ok(message) = captured else { return unread(self.unreadable()) };
        let attributes = match envelope {
            Some(envelope) => Scope::capture(&self.envelope, Attributes(envelope), &mut Noticed::default()),
            None => Ok(Scope::default()),
        };
        let attributes = attributes.unwrap_or_default();
        let mut run = Run::new(self, &attributes);
        let root = Frame { scope: &message, index: None, parent: None, depth: 0 };
        let (mut value, mut present) = (None, None);
        if let Came::Object = message.came(0) {
            run.version(&root);
            run.whole(&noticed);
            if run.problems.is_empty() {
                present = Some(self.present(&message));
                run.refusals(&root);
                if let Made::Value(made) = run.make(&self.out, &root) {
                    value = Some(made);
                }
            }
        } else {
            let code = if message.came(0).is_absent() { Code::FieldMissing } else { Code::TypeMismatch };
            run.problems.push(code, "$".to_owned(), "an object".into(), message.came(0).kind());
        }
        run.unknown_members(&noticed);
        let Run { problems, notes, .. } = run;
        Attempt { made: problems.into_result(self.stamp, value), notes, present }
    }

    fn present(&self, message: &Scope<'_>) -> u128 {
        let bit = |(place, (slot, _)): (usize, &(u16, String))| {
            u128::from(message.came(*slot).is_set(false)) << place.min(127)
        };
        self.watched.iter().enumerate().map(bit).fold(0, |bits, bit| bits | bit)
    }

    fn unreadable(&self) -> MappingError {
        let expected = "JSON whose characters and numbers are in range";
        self.refuse(Code::ValueInvalid, "$", expected, Kind::Unreadable)
    }
}

/// The envelope's attributes, read as JSON's members are.
pub(super) struct Attributes<'de>(pub(super) &'de Envelope);

impl<'de> serde::Deserializer<'de> for Attributes<'de> {
    type Error = serde::de::value::Error;

    fn deserialize_any<V: serde::de::Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        let envelope = self.0;
        let optional = |text: &'de Option<String>| text.as_deref().unwrap_or_default();
        let time = envelope.time.to_string();
        let attributes = [
            ("specversion", envelope.specversion.as_str()),
            ("id", &envelope.id),
            ("source", &envelope.source),
            ("type", &envelope.event_type),
            ("correlationid", &envelope.correlationid),
            ("datacontenttype", optional(&envelope.datacontenttype)),
            ("deliveryid", optional(&envelope.deliveryid)),
            ("sourceversion", optional(&envelope.sourceversion)),
        ];
        let attributes = attributes.into_iter().filter(|(_, value)| !value.is_empty());
        let attributes = attributes.map(|(name, value)| (name, Cow::Borrowed(value)));
        let attributes = attributes.chain([("time", Cow::Owned(time))]);
        visitor.visit_map(serde::de::value::MapDeserializer::new(attributes))
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

/// Whether a member's name is one that a contract might have: others may be a person's, or a number's of theirs.
fn is_a_name(name: &str) -> bool {
    let digits = name.chars().filter(char::is_ascii_digit).count();
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
    name.len() <= 40
        && digits <= 2
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(plain)
}

/// Where the run stands: the root, or an item of a list in its scope.
pub(super) struct Frame<'f, 'm> {
    pub(super) scope: &'f Scope<'m>,
    pub(super) index: Option<usize>,
    pub(super) parent: Option<&'f Frame<'f, 'm>>,
    pub(super) depth: usize,
}

impl<'f, 'm> Frame<'f, 'm> {
    fn at(&self, depth: usize) -> Option<&Self> {
        let mut here = self;
        while here.depth > depth {
            here = here.parent?;
        }
        Some(here)
    }

    fn indices(&self) -> Vec<usize> {
        let mut indices = self.parent.map(Frame::indices).unwrap_or_default();
        indices.extend(self.index);
        indices
    }

    pub(super) fn items(&self, list: &ListRef) -> &'f [Scope<'m>] {
        let scope = self.at(list.depth).map(|frame| frame.scope);
        scope.and_then(|scope| scope.lists.get(usize::from(list.list))).map_or(&[], Vec::as_slice)
    }
}

/// What became of a place of the target.
pub(super) enum Made {
    Value(Value),
    Absent,
    /// Its rule needs it: a problem, unless all of an object that may be absent is.
    Missing(usize),
    /// Noted already.
    Failed,
}

pub(super) struct Run<'p, 'm> {
    pub(super) plan: &'p Plan,
    pub(super) envelope: &'p Scope<'m>,
    pub(super) problems: Problems,
    pub(super) notes: Vec<Note>,
    made_bytes: usize,
}

const NULL: &Came<'static> = &Came::Null;

/// What a rule has read.
pub(super) enum Read<'r> {
    Came(&'r Came<'r>),
    /// By a template, a join or an expression.
    Made(Came<'r>),
}

impl<'p, 'm: 'p> Run<'p, 'm> {
    pub(super) fn new(plan: &'p Plan, envelope: &'p Scope<'m>) -> Self {
        Self { plan, envelope, problems: Problems::default(), notes: Vec::new(), made_bytes: 0 }
    }

    pub(super) fn came<'r>(&'r self, at: Ref, frame: &'r Frame<'_, 'm>) -> &'r Came<'r>
    where
        'p: 'r,
    {
        const MISSING: &Came<'static> = &Came::Missing;
        match at.space {
            Space::Payload => frame.at(at.depth).map_or(MISSING, |frame| frame.scope.came(at.slot)),
            Space::Envelope => self.envelope.came(at.slot),
            Space::Settings => self.plan.settings_came.came(at.slot),
        }
    }

    fn node(&self, at: Ref) -> Option<&Node> {
        let shape = match at.space {
            Space::Payload => &self.plan.payload,
            Space::Envelope => &self.plan.envelope,
            Space::Settings => &self.plan.settings,
        };
        shape.node(at.node)
    }

    fn types(&self, at: Ref) -> Option<&Types> {
        self.node(at).map(|node| &node.types)
    }

    /// The path of a place, with the indices of where the run stands.
    pub(super) fn path(&self, at: Ref, frame: &Frame<'_, 'm>) -> String {
        self.node(at).map(|node| node.path_at(&frame.indices())).unwrap_or_default()
    }

    fn problem(&mut self, refused: Refused, at: Ref, frame: &Frame<'_, 'm>) {
        let at = refused.at.unwrap_or(at);
        let (path, came) = (self.path(at, frame), self.came(at, frame).kind());
        self.problems.push(refused.code, path, refused.expected, came);
    }

    fn note(&mut self, note: Note) {
        if self.notes.len() < MOST_NOTES && !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    pub(super) fn version(&mut self, root: &Frame<'_, 'm>) {
        let Some(at) = self.plan.version_at else { return };
        let came = self.came(at, root);
        let accepted = came.as_key().is_some_and(|version| self.plan.accepts.iter().any(|it| *it == version));
        if !accepted {
            let expected = "a version of the source that the mapping accepts";
            self.problem(Refused::new(Code::VersionUnsupported, expected), at, root);
        }
    }

    /// What is only read in part is not judged.
    pub(super) fn whole(&mut self, noticed: &Noticed) {
        let Some(node) = noticed.beyond.and_then(|id| self.plan.payload.node(id)) else { return };
        let expected = "fewer items in all lists of the message together";
        self.problems.push(Code::LimitExceeded, node.path_at(&[]), expected.into(), Kind::Array);
    }

    fn unknown_members(&mut self, noticed: &Noticed) {
        for (id, name) in &noticed.unknown {
            let Some(node) = self.plan.payload.node(*id) else { continue };
            let name = if is_a_name(name) { name } else { "*" };
            self.note(Note::UnknownField { path: format!("{}.{name}", node.path_at(&[])) });
        }
    }

    fn refusals(&mut self, root: &Frame<'_, 'm>) {
        let plan = self.plan;
        for refusal in &plan.refusals {
            match &refusal.each {
                None => self.refusal(refusal, root),
                Some(list) if !self.is_read_whole(self.list_place(list), root) => {}
                Some(list) => {
                    for (index, scope) in root.items(list).iter().enumerate() {
                        self.refusal(
                            refusal,
                            &Frame { scope, index: Some(index), parent: Some(root), depth: 1 },
                        );
                    }
                }
            }
        }
    }

    pub(super) fn refusal(&mut self, refusal: &Refusal, frame: &Frame<'_, 'm>) {
        if let Some(values) = &refusal.values {
            let came = self.came(refusal.at, frame);
            if came.is_set(false)
                && let Err(refused) = self.fits(refusal.at, came).and_then(|()| self.known(values, came))
            {
                self.problem(refused, refusal.at, frame);
            }
        }
        if let Some(when) = &refusal.when {
            let refused = match self.holds(when, frame) {
                Ok(false) => return,
                Ok(true) => Refused::new(Code::ValueInvalid, refusal.expected.clone()),
                Err(refused) => refused,
            };
            self.problem(refused, refusal.at, frame);
        }
    }

    /// What the value map has for it; `None` where it passes as it came.
    fn known(&self, values: &Values, came: &Came<'_>) -> Result<Option<(Value, bool)>, Refused> {
        let key = came.as_key();
        let key = key.as_deref().unwrap_or_default();
        if let Some(value) = values.map.get(key) {
            return Ok(Some((value.clone(), true)));
        }
        if let Some(expected) = values.refuse.get(key) {
            return Err(Refused::new(Code::ValueInvalid, expected.clone()));
        }
        match &values.unknown {
            Unknown::Park => Err(Refused::new(Code::ValueUnknown, "a value that the value map knows")),
            Unknown::Pass => Ok(None),
            Unknown::Default(value) => Ok(Some((value.clone(), false))),
        }
    }

    /// The first of these places that is set, as the contract has it: an object where a text should be is no null.
    fn given<'r>(&'r self, places: &'r [Ref], frame: &'r Frame<'_, 'm>) -> Result<&'r Came<'r>, Refused> {
        let set = places.iter().map(|at| (*at, self.came(*at, frame))).find(|(_, came)| came.is_set(false));
        let Some((at, came)) = set else { return Ok(NULL) };
        let fits = self.fits(at, came).and_then(|()| super::expr::fits(came));
        fits.map_err(|refused| Refused { at: Some(at), ..refused })?;
        Ok(came)
    }

    fn fits(&self, at: Ref, came: &Came<'_>) -> Result<(), Refused> {
        match self.types(at) {
            Some(types) if !came.is_one_of(types) => Err(Refused::new(Code::TypeMismatch, types.expected())),
            _ => Ok(()),
        }
    }

    fn all_given<'r>(
        &'r self,
        condition: &'r Condition,
        frame: &'r Frame<'_, 'm>,
    ) -> Result<Vec<(&'r str, &'r Came<'r>)>, Refused> {
        let named = |(name, places): &'r (String, Vec<Ref>)| Ok((name.as_str(), self.given(places, frame)?));
        condition.with.iter().map(named).collect()
    }

    pub(super) fn holds(&self, condition: &Condition, frame: &Frame<'_, 'm>) -> Result<bool, Refused> {
        let values = self.all_given(condition, frame)?;
        let given = |name: usize| values.get(name).map_or(NULL, |(_, came)| *came);
        if let Some(holds) = condition.native.as_ref().and_then(|native| native.holds(&given)) {
            return Ok(holds);
        }
        condition.expression.holds(&self.plan.library.with(values))
    }

    fn evaluate(&self, condition: &Condition, frame: &Frame<'_, 'm>) -> Result<Came<'static>, Refused> {
        let values = self.all_given(condition, frame)?;
        condition.expression.evaluate(&self.plan.library.with(values))
    }

    fn make(&mut self, out: &'p Out, frame: &Frame<'_, 'm>) -> Made {
        if self.problems.have_overflowed() {
            return Made::Failed;
        }
        match out {
            Out::Rule(index) => match self.plan.rules.get(*index) {
                Some(rule) => self.rule(rule, *index, frame),
                None => Made::Absent,
            },
            Out::Object { members, required } => self.object(members, *required, frame),
            Out::List(list) => self.list(list, frame),
            Out::Fixed(fixed) => self.fixed(fixed, frame),
        }
    }

    fn fixed(&mut self, fixed: &'p OutFixed, frame: &Frame<'_, 'm>) -> Made {
        let (mut made, mut failed) = (Vec::with_capacity(fixed.items.len()), false);
        for (index, (_, item)) in fixed.items.iter().enumerate() {
            let value = match self.make(item, frame) {
                Made::Absent => continue,
                Made::Value(Value::Object(members)) if members.is_empty() && index >= fixed.least => continue,
                Made::Value(value) => value,
                Made::Missing(rule) => {
                    self.missing(rule, frame);
                    failed = true;
                    Value::Null
                }
                Made::Failed => {
                    failed = true;
                    Value::Null
                }
            };
            // What is not there keeps its place where something stands behind it.
            for before in made.len()..index {
                if !fixed.null {
                    self.gap(fixed, before, frame);
                    failed = true;
                }
                made.push(Value::Null);
            }
            made.push(value);
        }
        if failed {
            return Made::Failed;
        }
        if made.is_empty() && !fixed.required { Made::Absent } else { Made::Value(Value::Array(made)) }
    }

    fn gap(&mut self, fixed: &OutFixed, index: usize, frame: &Frame<'_, 'm>) {
        let Some((to, item)) = fixed.items.get(index) else { return };
        let expected = "something, as an item behind it is made";
        match self.first_place(item) {
            Some(at) => {
                let at = self.outermost_absent(at, frame);
                self.problem(Refused::new(Code::FieldMissing, expected), at, frame);
            }
            None => self.problems.push(Code::FieldMissing, to.clone(), expected.into(), Kind::Missing),
        }
    }

    fn first_place(&self, out: &Out) -> Option<Ref> {
        match out {
            Out::Rule(index) => self.plan.rules.get(*index)?.place,
            Out::Object { members, .. } => {
                members.iter().find_map(|(_, member)| self.first_place(&member.out))
            }
            Out::List(list) => Some(self.list_place(&list.of)),
            Out::Fixed(fixed) => fixed.items.iter().find_map(|(_, item)| self.first_place(item)),
        }
    }

    fn object(&mut self, members: &'p [(String, OutMember)], required: bool, frame: &Frame<'_, 'm>) -> Made {
        let (mut object, mut missing, mut failed, mut any) = (Map::new(), Vec::new(), false, required);
        for (name, member) in members {
            match self.make(&member.out, frame) {
                Made::Value(value) => {
                    object.insert(name.clone(), value);
                    // What stands there always says nothing of whether the rest is there.
                    any |= !self.is_constant(&member.out);
                }
                Made::Absent if member.null => {
                    object.insert(name.clone(), Value::Null);
                }
                Made::Absent => {}
                Made::Missing(rule) if any => {
                    self.missing(rule, frame);
                    failed = true;
                }
                Made::Missing(rule) => missing.push(rule),
                Made::Failed => (failed, any) = (true, true),
            }
        }
        if !any {
            return Made::Absent;
        }
        for rule in &missing {
            self.missing(*rule, frame);
        }
        if failed || !missing.is_empty() { Made::Failed } else { Made::Value(Value::Object(object)) }
    }

    fn is_constant(&self, out: &Out) -> bool {
        let Out::Rule(index) = out else { return false };
        self.plan.rules.get(*index).is_some_and(|rule| matches!(rule.from.as_slice(), [Source::Constant(_)]))
    }

    fn list(&mut self, list: &'p OutList, frame: &Frame<'_, 'm>) -> Made {
        let at = self.list_place(&list.of);
        match self.came(at, frame) {
            Came::Array { .. } => {
                if !self.is_read_whole(at, frame) {
                    return Made::Failed;
                }
            }
            came if came.is_absent() && list.none.is_none() => return Made::Absent,
            came => {
                let code = if came.is_absent() { Code::FieldMissing } else { Code::TypeMismatch };
                self.problem(Refused::new(code, "an array"), at, frame);
                return Made::Failed;
            }
        }
        let (mut made, mut failed) = (Vec::new(), 0);
        for (index, scope) in frame.items(&list.of).iter().enumerate() {
            let inner = Frame { scope, index: Some(index), parent: Some(frame), depth: frame.depth + 1 };
            match self.item(list, &inner) {
                Made::Value(value) => made.push(value),
                Made::Absent => {}
                Made::Missing(rule) => {
                    self.missing(rule, &inner);
                    failed += 1;
                }
                Made::Failed => failed += 1,
            }
            if let Some(most) = list.most.filter(|most| made.len() + failed > *most) {
                return self.too_many(most, at, frame);
            }
            if self.problems.have_overflowed() {
                break;
            }
        }
        if failed > 0 {
            return Made::Failed;
        }
        if let (true, Some(none)) = (made.is_empty(), &list.none) {
            self.problem(Refused::new(Code::ValueInvalid, none.clone()), at, frame);
            return Made::Failed;
        }
        Made::Value(Value::Array(made))
    }

    /// Of a list that has more items than are read none is judged.
    fn is_read_whole(&mut self, list: Ref, frame: &Frame<'_, 'm>) -> bool {
        let most = self.plan.payload.node(list.node).map_or(usize::MAX, |node| node.most_items);
        let whole = !matches!(self.came(list, frame), Came::Array { items } if *items > most);
        if !whole {
            self.too_many(most, list, frame);
        }
        whole
    }

    fn too_many(&mut self, most: usize, list: Ref, frame: &Frame<'_, 'm>) -> Made {
        self.problem(Refused::new(Code::LimitExceeded, format!("at most {most} items")), list, frame);
        Made::Failed
    }

    /// An item is absent only where the mapping says that it is left out.
    fn item(&mut self, list: &'p OutList, frame: &Frame<'_, 'm>) -> Made {
        match list.keep.as_ref().map_or(Ok(true), |keep| self.holds(keep, frame)) {
            Ok(true) => {}
            Ok(false) => return Made::Absent,
            Err(refused) => {
                self.problem(refused, self.item_place(&list.of), frame);
                return Made::Failed;
            }
        }
        let Out::Rule(index) = &list.item else {
            return self.null_item(list, frame).unwrap_or_else(|| self.make(&list.item, frame));
        };
        match self.make(&list.item, frame) {
            Made::Absent if self.is_left_out(*index, frame) => Made::Absent,
            Made::Absent => self.null_item(list, frame).unwrap_or(Made::Value(Value::Null)),
            made => made,
        }
    }

    fn is_left_out(&self, rule: usize, frame: &Frame<'_, 'm>) -> bool {
        let when = self.plan.rules.get(rule).and_then(|rule| rule.when.as_ref());
        when.is_some_and(|when| self.holds(when, frame) == Ok(false))
    }

    /// Of an item that came as null: null, where both contracts have it so.
    fn null_item(&mut self, list: &OutList, frame: &Frame<'_, 'm>) -> Option<Made> {
        if !matches!(frame.scope.came(0), Came::Null) {
            return None;
        }
        let at = self.item_place(&list.of);
        let types = self.types(at).filter(|types| !types.0.is_empty());
        if list.null && types.is_none_or(|types| types.allow(Type::Null)) {
            return Some(Made::Value(Value::Null));
        }
        let expected = types.map_or_else(|| self.expected_of(at), Types::expected);
        self.problem(Refused::new(Code::FieldMissing, expected), at, frame);
        Some(Made::Failed)
    }

    pub(super) fn list_place(&self, of: &ListRef) -> Ref {
        let slot = self.plan.payload.node(of.node).map_or(0, |node| node.slot);
        Ref { space: Space::Payload, node: of.node, slot, depth: of.depth }
    }

    fn item_place(&self, of: &ListRef) -> Ref {
        let item = self.plan.payload.node(of.node).and_then(|node| node.item).unwrap_or(of.node);
        let slot = self.plan.payload.node(item).map_or(0, |node| node.slot);
        Ref { space: Space::Payload, node: item, slot, depth: of.depth + 1 }
    }

    /// Nothing stands where the rule needs something: told at the outermost place that is not there.
    fn missing(&mut self, rule: usize, frame: &Frame<'_, 'm>) {
        let Some(rule) = self.plan.rules.get(rule) else { return };
        let Some(at) = rule.place else {
            let path = format!("$.{}", rule.to);
            self.problems.push(Code::FieldMissing, path, rule.expected.into(), Kind::Missing);
            return;
        };
        let outer = self.outermost_absent(at, frame);
        if outer.node == at.node {
            let empty = matches!(self.came(at, frame), Came::Text(_));
            let expected = if empty { "a string that is not empty" } else { rule.expected };
            self.problem(Refused::new(Code::FieldMissing, expected), at, frame);
            return;
        }
        let code = if self.came(outer, frame).is_absent() { Code::FieldMissing } else { Code::TypeMismatch };
        let expected = self.expected_of(outer);
        self.problem(Refused::new(code, expected), outer, frame);
    }

    fn expected_of(&self, at: Ref) -> &'static str {
        match self.plan.payload.node(at.node) {
            Some(node) if node.item.is_some() || !node.indexed.is_empty() => "an array",
            _ => "an object",
        }
    }

    /// Of the places on the way to this one, in its own scope, the outermost that holds nothing.
    fn outermost_absent(&self, at: Ref, frame: &Frame<'_, 'm>) -> Ref {
        if at.space != Space::Payload {
            return at;
        }
        let shape = &self.plan.payload;
        let Some(scope) = frame.at(at.depth).map(|frame| frame.scope) else { return at };
        let id = shape.outermost(at.node, |node| {
            let came = scope.came(node.slot);
            let holds = match came {
                Came::Object => !node.members.is_empty(),
                Came::Array { .. } => node.item.is_some() || !node.indexed.is_empty(),
                _ => false,
            };
            node.depth == at.depth && !node.is_leaf() && !holds
        });
        shape.node(id).map_or(at, |node| Ref { node: id, slot: node.slot, ..at })
    }

    pub(super) fn rule(&mut self, rule: &'p Rule, index: usize, frame: &Frame<'_, 'm>) -> Made {
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
                        Err(refused) => self.failed(refused, at, frame),
                    };
                }
                Ok(None) => {}
                Err(refused) => {
                    let at = if refused.beside { rule.beside.or(at) } else { at };
                    return self.failed(refused, at, frame);
                }
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
    pub(super) fn from(
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
                Ok(true) => return Made::Value(default.value.clone()),
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
    pub(super) fn read<'r>(
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
                Came::Text(_) => super::convert::text(came).map(Some),
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
