//! Patterns that mean one thing, whoever reads them.

/// Whether every validator takes the same texts: what `\d` or `\S` is beyond ASCII they do not agree on, nor on what a bracket
/// between brackets is.
pub(super) fn is_read_alike(pattern: &str) -> bool {
    let mut characters = pattern.chars().peekable();
    let mut in_class = false;
    while let Some(one) = characters.next() {
        match (one, characters.peek()) {
            ('\\', Some(next)) if next.is_ascii_alphanumeric() => return false,
            ('\\', _) => {
                characters.next();
            }
            ('[', _) if in_class => return false,
            ('[', _) => {
                in_class = true;
                characters.next_if_eq(&'^');
                // Empty for the one, for the other a bracket of the class.
                if characters.peek() == Some(&']') {
                    return false;
                }
            }
            (']', _) => in_class = false,
            // What both sides have, or one of them alone.
            ('&' | '-' | '~', Some(next)) if in_class && *next == one => return false,
            ('(', Some('?')) if !in_class => {
                characters.next();
                if characters.peek() != Some(&':') {
                    return false;
                }
            }
            _ => {}
        }
    }
    true
}
