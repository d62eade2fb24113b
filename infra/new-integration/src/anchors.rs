//! Where something new goes in a file that is there already: places that a comment marks, or that a line begins with.

use anyhow::{Context, Result};

/// Before the line that is the comment `# new-integration: <anchor>`.
pub(crate) fn at_comment(text: &str, anchor: &str, new: &str) -> Result<String> {
    let comment = format!("# new-integration: {anchor}");
    before(text, |line| line.trim() == comment, new)
        .with_context(|| format!("the line `{comment}` is gone: put it back where new ones belong"))
}

/// Before the first line that begins with this.
pub(crate) fn before_first(text: &str, start: &str, new: &str) -> Result<String> {
    before(text, |line| line.starts_with(start), new)
        .with_context(|| format!("no line begins with `{start}`, where a new one would belong"))
}

/// Among the lines that begin with this, which are sorted.
pub(crate) fn sorted(text: &str, start: &str, new: &str) -> Result<String> {
    let greater = |line: &str| line.starts_with(start) && line > new;
    if let Some(done) = before(text, greater, new) {
        return Ok(done);
    }
    let end: usize = text
        .split_inclusive('\n')
        .scan(0, |end, line| {
            *end += line.len();
            Some((*end, line))
        })
        .filter(|(_, line)| line.starts_with(start))
        .map(|(end, _)| end)
        .last()
        .with_context(|| format!("no line begins with `{start}`, where a new one would belong"))?;
    let (head, tail) = text.split_at(end);
    Ok(format!("{head}{new}{tail}"))
}

/// Right behind this, wherever it stands; `then` may stand between them.
pub(crate) fn behind(text: &str, marks: &[&str], new: &str) -> Result<String> {
    let mut at = 0;
    for mark in marks {
        let found = text.get(at..).and_then(|rest| rest.find(mark));
        at += found.with_context(|| format!("`{mark}` is gone, behind which a new one would belong"))?
            + mark.len();
    }
    let (head, tail) = text.split_at(at);
    Ok(format!("{head}{new}{tail}"))
}

fn before(text: &str, is_it: impl Fn(&str) -> bool, new: &str) -> Option<String> {
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        if is_it(line) {
            let (head, tail) = text.split_at(at);
            return Some(format!("{head}{new}{tail}"));
        }
        at += line.len();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_line_goes_before_the_comment_that_keeps_its_place() {
        let text = "a\n  # new-integration: flows\nb\n";
        assert_eq!(
            at_comment(text, "flows", "  new\n").unwrap(),
            "a\n  new\n  # new-integration: flows\nb\n"
        );
    }

    #[test]
    fn sorted_lines_stay_sorted() {
        let text = "x\nc-b = 1\nc-d = 1\ny\n";
        assert_eq!(sorted(text, "c-", "c-c = 1\n").unwrap(), "x\nc-b = 1\nc-c = 1\nc-d = 1\ny\n");
        assert_eq!(sorted(text, "c-", "c-e = 1\n").unwrap(), "x\nc-b = 1\nc-d = 1\nc-e = 1\ny\n");
    }

    #[test]
    fn an_anchor_that_is_gone_is_named() {
        for error in [
            at_comment("a\n", "flows", "").unwrap_err(),
            before_first("a\n", "# new-integration: flows", "").unwrap_err(),
            sorted("a\n", "# new-integration: flows", "").unwrap_err(),
            behind("a\n", &["a", "# new-integration: flows"], "").unwrap_err(),
        ] {
            assert!(error.to_string().contains("# new-integration: flows"), "{error}");
        }
    }
}
