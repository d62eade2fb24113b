//! Reads a message once, front to back, and keeps what a mapping reads of it. Nothing is built for the rest.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::came::Came;
use super::shape::{Member, Node, NodeId, Shape};

/// What came at the places of the root, or of one item of a list.
#[derive(Debug, Default)]
pub(crate) struct Scope<'m> {
    pub(crate) slots: Vec<Came<'m>>,
    pub(crate) lists: Vec<Vec<Scope<'m>>>,
}

/// Names of members that no contract lists.
const MOST_UNKNOWN: usize = 16;
const LONGEST_NAME: usize = 64;
/// Items of all lists of a message.
const MOST_ITEMS: usize = 50_000;
/// Places of all those items: some 30 MB.
const MOST_PLACES: usize = 1_000_000;

/// What is noticed while a message is read.
#[derive(Debug)]
pub(crate) struct Noticed {
    /// Members that are not known: the place of the object, and the name.
    pub(crate) unknown: Vec<(NodeId, String)>,
    /// The list whose items were too many, with those before them: the message is not read whole.
    pub(crate) beyond: Option<NodeId>,
    items_left: usize,
    places_left: usize,
}

impl Default for Noticed {
    fn default() -> Self {
        Self { unknown: Vec::new(), beyond: None, items_left: MOST_ITEMS, places_left: MOST_PLACES }
    }
}

impl Noticed {
    /// Whether there is room for one more item with so many places.
    const fn take_item(&mut self, places: usize) -> bool {
        let room = self.items_left > 0 && self.places_left >= places;
        if room {
            self.items_left -= 1;
            self.places_left -= places;
        }
        room
    }

    /// There was none.
    const fn give_back(&mut self, places: usize) {
        self.items_left += 1;
        self.places_left += places;
    }
}

impl<'m> Scope<'m> {
    fn of(shape: &Shape, scope: usize) -> Self {
        let size = shape.scopes.get(scope).copied().unwrap_or_default();
        Self {
            slots: std::iter::repeat_with(Came::default).take(size.slots.into()).collect(),
            lists: std::iter::repeat_with(Vec::new).take(size.lists.into()).collect(),
        }
    }

    pub(crate) fn capture<D: Deserializer<'m>>(
        shape: &Shape,
        message: D,
        noticed: &mut Noticed,
    ) -> Result<Self, D::Error> {
        let mut scope = Self::of(shape, 0);
        At { shape, node: 0, scope: &mut scope, noticed }.deserialize(message)?;
        Ok(scope)
    }

    pub(crate) fn came(&self, slot: u16) -> &Came<'m> {
        const MISSING: &Came<'static> = &Came::Missing;
        self.slots.get(usize::from(slot)).unwrap_or(MISSING)
    }

    fn put(&mut self, node: &Node, came: Came<'m>) {
        if let Some(slot) = self.slots.get_mut(usize::from(node.slot)) {
            *slot = came;
        }
    }

    /// A member that comes a second time is as if it had come only then.
    fn forget(&mut self, node: &Node) {
        if matches!(self.came(node.slot), Came::Missing) {
            return;
        }
        let slots = usize::from(node.slot)..usize::from(node.slots_end);
        self.slots.get_mut(slots).into_iter().flatten().for_each(|slot| *slot = Came::Missing);
        let lists = usize::from(node.list)..usize::from(node.lists_end);
        self.lists.get_mut(lists).into_iter().flatten().for_each(Vec::clear);
    }
}

/// A place, about to be read.
struct At<'a, 'm> {
    shape: &'a Shape,
    node: NodeId,
    scope: &'a mut Scope<'m>,
    noticed: &'a mut Noticed,
}

impl<'m> At<'_, 'm> {
    fn keep<E>(self, came: Came<'m>) -> Result<(), E> {
        if let Some(node) = self.shape.node(self.node) {
            self.scope.forget(node);
            self.scope.put(node, came);
        }
        Ok(())
    }
}

impl<'m> DeserializeSeed<'m> for At<'_, 'm> {
    type Value = ();

    fn deserialize<D: Deserializer<'m>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'m> Visitor<'m> for At<'_, 'm> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        self.keep(Came::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<(), E> {
        self.keep(Came::Boolean(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<(), E> {
        self.keep(Came::Integer(value.into()))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<(), E> {
        self.keep(Came::Integer(value.into()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<(), E> {
        self.keep(Came::Fraction(value))
    }

    fn visit_borrowed_str<E: Error>(self, value: &'m str) -> Result<(), E> {
        self.keep(Came::Text(Cow::Borrowed(value)))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<(), E> {
        self.keep(Came::Text(Cow::Owned(value.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'m>>(self, mut items: A) -> Result<(), A::Error> {
        let Some(node) = self.shape.node(self.node) else { return skip_items(items).map(|_| ()) };
        self.scope.forget(node);
        let (mut count, mut room) = (0, true);
        if let Some(item) = node.item {
            let mut scopes = Vec::new();
            let places = self.shape.scopes.get(node.items).copied().unwrap_or_default();
            let places = usize::from(places.slots) + usize::from(places.lists);
            while count < node.most_items {
                room = self.noticed.take_item(places);
                if !room {
                    break;
                }
                let mut scope = Scope::of(self.shape, node.items);
                let at = At { shape: self.shape, node: item, scope: &mut scope, noticed: self.noticed };
                if items.next_element_seed(at)?.is_none() {
                    self.noticed.give_back(places);
                    break;
                }
                scopes.push(scope);
                count += 1;
            }
            if let Some(list) = self.scope.lists.get_mut(usize::from(node.list)) {
                *list = scopes;
            }
        } else if let Some(last) = node.indexed.iter().map(|(index, _)| *index).max() {
            while count <= last {
                let read = match node.indexed.iter().find(|(index, _)| *index == count) {
                    Some((_, id)) => {
                        let at =
                            At { shape: self.shape, node: *id, scope: self.scope, noticed: self.noticed };
                        items.next_element_seed(at)?.is_some()
                    }
                    None => items.next_element::<IgnoredAny>()?.is_some(),
                };
                if !read {
                    break;
                }
                count += 1;
            }
        }
        let rest = skip_items(items)?;
        if !room && rest > 0 {
            self.noticed.beyond.get_or_insert(self.node);
        }
        self.scope.put(node, Came::Array { items: count + rest });
        Ok(())
    }

    fn visit_map<A: MapAccess<'m>>(self, mut members: A) -> Result<(), A::Error> {
        let Self { shape, node: id, scope, noticed } = self;
        let Some(node) = shape.node(id) else { return Ok(()) };
        scope.forget(node);
        while let Some(found) = members.next_key_seed(Name { node, id, noticed })? {
            match found {
                Some(Member::Read(child)) => {
                    members.next_value_seed(At { shape, node: child, scope, noticed })?;
                }
                Some(Member::Known) | None => {
                    members.next_value::<IgnoredAny>()?;
                }
            }
        }
        scope.put(node, Came::Object);
        Ok(())
    }
}

/// What is left of a list that is longer than it is read.
fn skip_items<'m, A: SeqAccess<'m>>(mut items: A) -> Result<usize, A::Error> {
    let mut count = 0;
    while items.next_element::<IgnoredAny>()?.is_some() {
        count += 1;
    }
    Ok(count)
}

/// The name of a member, looked up without being kept.
struct Name<'a> {
    node: &'a Node,
    id: NodeId,
    noticed: &'a mut Noticed,
}

impl<'m> DeserializeSeed<'m> for Name<'_> {
    type Value = Option<Member>;

    fn deserialize<D: Deserializer<'m>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl Visitor<'_> for Name<'_> {
    type Value = Option<Member>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Self::Value, E> {
        let member = self.node.members.get(name).copied();
        let unknown = &mut self.noticed.unknown;
        let news = member.is_none() && !self.node.open && unknown.len() < MOST_UNKNOWN;
        if news && !unknown.iter().any(|(id, known)| *id == self.id && known == name) {
            unknown.push((self.id, name.chars().take(LONGEST_NAME).collect()));
        }
        Ok(member)
    }
}
