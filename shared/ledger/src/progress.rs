/// How far attempts at an operation have come, as the item holds it: what it is of, a blank, and what the attempt has left.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Progress {
    /// Version and content: what was left of another one says nothing.
    of: String,
    stored: String,
    changed: bool,
    /// The item held something when it was claimed, of whatever.
    found: bool,
}

/// Of a fingerprint: enough to tell two contents of one operation apart.
const FINGERPRINT_BYTES: usize = 16;

impl Progress {
    pub(crate) fn of(version: u64, fingerprint: &str, stored: &str) -> Self {
        let fingerprint = fingerprint.get(..FINGERPRINT_BYTES).unwrap_or(fingerprint);
        let of = format!("{version}/{fingerprint}");
        let is_ours = stored.split_once(' ').is_some_and(|(it, _)| it == of);
        let found = !stored.is_empty();
        Self { of, stored: if is_ours { stored.to_owned() } else { String::new() }, changed: false, found }
    }

    pub(crate) fn text(&self) -> &str {
        self.stored.split_once(' ').map_or("", |(_, text)| text)
    }

    pub(crate) fn leave(&mut self, text: &str) {
        if text != self.text() {
            self.stored = format!("{} {text}", self.of);
            self.changed = true;
        }
    }

    /// What is to be stored once nobody goes on from there any more, where the item may hold something.
    pub(crate) fn emptied(&self) -> Option<&str> {
        (self.found || self.changed).then_some("")
    }

    /// What is to be stored, where that is news.
    pub(crate) fn left(&self) -> Option<&str> {
        self.changed.then_some(self.stored.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONTENT: &str = "015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f862";

    #[test]
    fn what_was_left_is_read_by_the_same_version_and_content_alone() {
        let mut first = Progress::of(7, CONTENT, "");
        assert_eq!((first.text(), first.left()), ("", None));
        first.leave("a b");
        let stored = first.left().unwrap();
        assert_eq!(Progress::of(7, CONTENT, stored).text(), "a b");
        assert_eq!(Progress::of(7, CONTENT, stored).left(), None, "it stands there already");
        assert_eq!(Progress::of(8, CONTENT, stored).text(), "");
        assert_eq!(Progress::of(7, "f62", stored).text(), "");
        let mut same = Progress::of(7, CONTENT, stored);
        same.leave("a b");
        assert_eq!(same.left(), None);
    }
}
