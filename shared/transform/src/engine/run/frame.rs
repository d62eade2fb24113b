use crate::engine::capture::Scope;
use crate::engine::plan::ListRef;

/// Where the run stands: the root, or an item of a list in its scope.
pub(crate) struct Frame<'f, 'm> {
    pub(crate) scope: &'f Scope<'m>,
    pub(crate) index: Option<usize>,
    pub(crate) parent: Option<&'f Frame<'f, 'm>>,
    pub(crate) depth: usize,
}

impl<'f, 'm> Frame<'f, 'm> {
    pub(crate) fn at(&self, depth: usize) -> Option<&Self> {
        let mut here = self;
        while here.depth > depth {
            here = here.parent?;
        }
        Some(here)
    }

    pub(crate) fn indices(&self) -> Vec<usize> {
        let mut indices = self.parent.map(Frame::indices).unwrap_or_default();
        indices.extend(self.index);
        indices
    }

    pub(crate) fn items(&self, list: &ListRef) -> &'f [Scope<'m>] {
        let scope = self.at(list.depth).map(|frame| frame.scope);
        scope.and_then(|scope| scope.lists.get(usize::from(list.list))).map_or(&[], Vec::as_slice)
    }
}
