//! Which places of a message are read, and which are merely known.

use std::collections::HashMap;

use super::came::Came;
use crate::contract::{Schema, Types};
use crate::mapping::path::{Place, Step};

pub(crate) type NodeId = u16;

/// A tree of places, laid out for reading a message once, front to back.
#[derive(Debug)]
pub(crate) struct Shape {
    pub(crate) nodes: Vec<Node>,
    /// Of the root and of the items of each list.
    pub(crate) scopes: Vec<ScopeSize>,
}

#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) members: HashMap<Box<str>, Member, foldhash::fast::FixedState>,
    pub(crate) item: Option<NodeId>,
    pub(crate) indexed: Vec<(usize, NodeId)>,
    /// What may stand here, by the contracts of all accepted versions; empty where they do not say.
    pub(crate) types: Types,
    /// Texts of all values that may stand here, where each accepted version lists them.
    pub(crate) values: Option<Box<[Box<str>]>>,
    /// Members that are not known are no news.
    pub(crate) open: bool,
    /// Items beyond so many are not read.
    pub(crate) most_items: usize,
    /// In its scope: its own slot, then those of what is below it.
    pub(crate) slot: u16,
    pub(crate) slots_end: u16,
    /// In its scope: the list that it is, and those below it.
    pub(crate) list: u16,
    pub(crate) lists_end: u16,
    /// Scope of its items.
    pub(crate) items: usize,
    /// How many lists it is below.
    pub(crate) depth: usize,
    /// `$.line_items[].sku`, cut at the brackets of each list.
    pub(crate) path: Vec<Box<str>>,
    parent: Option<NodeId>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Member {
    Read(NodeId),
    Known,
}

#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct ScopeSize {
    pub(crate) slots: u16,
    pub(crate) lists: u16,
}

/// Items of one list, where no contract says how many.
const MOST_ITEMS: usize = 10_000;
/// Places of one mapping.
const MOST_NODES: usize = 10_000;

impl Shape {
    /// Of the places that are read, beside all that the schemas know.
    pub(crate) fn of(root: &str, places: &[Place], schemas: &[&Schema]) -> Result<Self, String> {
        let mut shape = Self { nodes: vec![Node::new(None, vec![root.into()], 0)], scopes: Vec::new() };
        for place in places {
            shape.add(place)?;
        }
        shape.known(0, schemas);
        let mut size = ScopeSize::default();
        shape.scopes.push(size);
        shape.lay_out(0, &mut size);
        if let Some(scope) = shape.scopes.first_mut() {
            *scope = size;
        }
        Ok(shape)
    }

    pub(crate) fn node(&self, id: NodeId) -> Option<&Node> {
        self.nodes.get(usize::from(id))
    }

    /// Where a place that was given to [`Self::of`] stands.
    pub(crate) fn find(&self, place: &Place) -> Option<NodeId> {
        let mut here = 0;
        for step in &place.steps {
            let node = self.node(here)?;
            here = match step {
                Step::Name(name) => match node.members.get(name.as_str())? {
                    Member::Read(id) => *id,
                    Member::Known => return None,
                },
                Step::Each => node.item?,
                Step::Index(index) => node.indexed.iter().find(|(at, _)| at == index)?.1,
            };
        }
        Some(here)
    }

    /// The outermost place on the way to this one for which `wanted` holds, or the place itself.
    pub(crate) fn outermost(&self, id: NodeId, wanted: impl Fn(&Node) -> bool) -> NodeId {
        let (mut found, mut here) = (id, Some(id));
        while let Some(at) = here {
            let Some(node) = self.node(at) else { break };
            if at != 0 && wanted(node) {
                found = at;
            }
            here = node.parent;
        }
        found
    }

    fn add(&mut self, place: &Place) -> Result<(), String> {
        let mut here: NodeId = 0;
        for step in &place.steps {
            let known = self.node(here).and_then(|node| match step {
                Step::Name(name) => match node.members.get(name.as_str()) {
                    Some(Member::Read(id)) => Some(*id),
                    _ => None,
                },
                Step::Each => node.item,
                Step::Index(index) => node.indexed.iter().find(|(at, _)| at == index).map(|(_, id)| *id),
            });
            here = match known {
                Some(id) => id,
                None => {
                    let both = self.node(here).is_some_and(|node| match step {
                        Step::Each => !node.indexed.is_empty(),
                        Step::Index(_) => node.item.is_some(),
                        Step::Name(_) => false,
                    });
                    if both {
                        return Err(format!("{place}: a list is read item by item or by numbers, not both"));
                    }
                    self.child(here, step).ok_or_else(|| format!("{place}: too many places"))?
                }
            };
        }
        Ok(())
    }

    fn child(&mut self, parent: NodeId, step: &Step) -> Option<NodeId> {
        let id = NodeId::try_from(self.nodes.len()).ok().filter(|_| self.nodes.len() < MOST_NODES)?;
        let above = self.nodes.get_mut(usize::from(parent))?;
        let (mut path, mut depth) = (above.path.clone(), above.depth);
        let mut extend = |text: &str| {
            if let Some(last) = path.last_mut() {
                *last = format!("{last}{text}").into();
            }
        };
        match step {
            Step::Name(name) => {
                above.members.insert(name.as_str().into(), Member::Read(id));
                extend(&format!(".{name}"));
            }
            Step::Each => {
                above.item = Some(id);
                path.push("".into());
                depth += 1;
            }
            Step::Index(index) => {
                above.indexed.push((*index, id));
                extend(&format!("[{index}]"));
            }
        }
        self.nodes.push(Node::new(Some(parent), path, depth));
        Some(id)
    }

    /// Notes the members that are known beside those that are read.
    fn known(&mut self, id: NodeId, schemas: &[&Schema]) {
        let Some(node) = self.nodes.get_mut(usize::from(id)) else { return };
        let listed = |schema: &&Schema| !schema.properties.is_empty();
        if schemas.iter().all(|schema| !schema.types.is_any()) {
            node.types = schemas.iter().flat_map(|schema| schema.types.iter()).collect();
        }
        if !schemas.is_empty() && schemas.iter().all(|schema| schema.values.is_some()) {
            let values = schemas.iter().flat_map(|schema| schema.values.iter().flatten());
            node.values = Some(values.filter_map(|value| Some(Came::from(value).as_key()?.into())).collect());
        }
        node.open = schemas.iter().any(|schema| schema.open) || !schemas.iter().any(listed);
        for (name, member) in schemas.iter().flat_map(|schema| &schema.properties) {
            if !member.never && !node.members.contains_key(name.as_str()) {
                node.members.insert(name.as_str().into(), Member::Known);
            }
        }
        let most = schemas.iter().map(|schema| schema.max_items.unwrap_or(u64::MAX)).max();
        let most = most.and_then(|most| usize::try_from(most).ok()).unwrap_or(usize::MAX);
        node.most_items = most.min(MOST_ITEMS);
        let below: Vec<(Option<Box<str>>, NodeId)> = node
            .members
            .iter()
            .filter_map(|(name, member)| match member {
                Member::Read(id) => Some((Some(name.clone()), *id)),
                Member::Known => None,
            })
            .chain(node.item.map(|id| (None, id)))
            .chain(node.indexed.iter().map(|(_, id)| (None, *id)))
            .collect();
        for (name, id) in below {
            let schemas: Vec<&Schema> = schemas
                .iter()
                .filter_map(|schema| match &name {
                    Some(name) => schema.member(name),
                    None => schema.items.as_deref(),
                })
                .collect();
            self.known(id, &schemas);
        }
    }

    /// Gives out slots so that those of a subtree are neighbours.
    fn lay_out(&mut self, id: NodeId, size: &mut ScopeSize) {
        let Some(node) = self.nodes.get_mut(usize::from(id)) else { return };
        (node.slot, node.list) = (size.slots, size.lists);
        size.slots += 1;
        let item = node.item;
        let mut below: Vec<_> = node
            .members
            .values()
            .filter_map(|member| match member {
                Member::Read(id) => Some(*id),
                Member::Known => None,
            })
            .chain(node.indexed.iter().map(|(_, id)| *id))
            .collect();
        below.sort_unstable();
        if let Some(item) = item {
            size.lists += 1;
            let items = self.scopes.len();
            self.scopes.push(ScopeSize::default());
            let mut inner = ScopeSize::default();
            self.lay_out(item, &mut inner);
            if let Some(scope) = self.scopes.get_mut(items) {
                *scope = inner;
            }
            if let Some(node) = self.nodes.get_mut(usize::from(id)) {
                node.items = items;
            }
        }
        for child in below {
            self.lay_out(child, size);
        }
        if let Some(node) = self.nodes.get_mut(usize::from(id)) {
            (node.slots_end, node.lists_end) = (size.slots, size.lists);
        }
    }
}

impl Node {
    fn new(parent: Option<NodeId>, path: Vec<Box<str>>, depth: usize) -> Self {
        Self {
            members: HashMap::default(),
            item: None,
            indexed: Vec::new(),
            types: Types::default(),
            values: None,
            open: true,
            most_items: MOST_ITEMS,
            slot: 0,
            slots_end: 0,
            list: 0,
            lists_end: 0,
            items: 0,
            depth,
            path,
            parent,
        }
    }

    pub(crate) fn is_leaf(&self) -> bool {
        self.members.is_empty() && self.item.is_none() && self.indexed.is_empty()
    }

    /// Its path, with the places of the items that it is below.
    pub(crate) fn path_at(&self, indices: &[usize]) -> String {
        let mut path = String::new();
        for (part, text) in self.path.iter().enumerate() {
            if let Some(index) = part.checked_sub(1).and_then(|list| indices.get(list)) {
                path.push_str(&format!("[{index}]"));
            } else if part > 0 {
                path.push_str("[]");
            }
            path.push_str(text);
        }
        path
    }
}
