use anyhow::{Result, bail, ensure};

/// The longest name: Lambda takes 64 characters, and the stack's name stands before it.
const LONGEST: usize = 40;

/// What `cargo xtask new-integration` was asked for.
#[derive(Clone, Debug, Default)]
pub struct Wish {
    /// `<source>-to-<target>`.
    pub name: String,
    /// The source's name in `SOURCES`; what stands before `-to-` where it is not said.
    pub source: Option<String>,
    /// The system that is called; what stands behind `-to-` where it is not said.
    pub target: Option<String>,
    /// What is carried; the singular of what stands before `-to-` where it is not said.
    pub entity: Option<String>,
    /// The event's type as the source names it; `<entity>.created` where it is not said.
    pub event: Option<String>,
}

/// A new integration's names, all of them such as stand in addresses, files and code.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Integration {
    pub name: String,
    pub source: String,
    pub target: String,
    pub entity: String,
    pub event: String,
}

impl Integration {
    pub fn named(wish: &Wish) -> Result<Self> {
        let name = kebab("NAME", &wish.name, LONGEST)?;
        let Some((before, behind)) = name.split_once("-to-") else {
            bail!("NAME is <source>-to-<target>, such as tickets-to-crm; {name} has no -to-");
        };
        let source = kebab("--source", wish.source.as_deref().unwrap_or(before), 64)?;
        let target = kebab("--target", wish.target.as_deref().unwrap_or(behind), LONGEST)?;
        let entity = kebab("--entity", wish.entity.as_deref().unwrap_or(&singular(before)), LONGEST)?;
        let event = wish.event.clone().unwrap_or_else(|| format!("{entity}.created"));
        ensure!(is_event(&event), "--event has 1 to 128 of a-z, A-Z, 0-9, '_', '-', '.' and '/'");
        ensure!(source != target, "source and target are both {source}: say --source or --target");
        for part in [&name, &target, &entity] {
            ensure!(
                !is_taken(&snake(part)),
                "{part} is a word of Rust's own, or a crate here: choose another"
            );
        }
        Ok(Self { name, source, target, entity, event })
    }

    /// What stands for each placeholder of the skeleton.
    pub(crate) fn words(&self) -> Vec<(&'static str, String)> {
        let about = format!("the event {} of {} is kept at {}.", self.event, self.source, self.target);
        let mut upper = about.clone();
        upper.replace_range(..1, "T");
        vec![
            ("about", about),
            ("About", upper),
            ("name", self.name.clone()),
            ("name_snake", snake(&self.name)),
            ("Name", pascal(&self.name)),
            ("source", self.source.clone()),
            ("Source", pascal(&self.source)),
            ("target", self.target.clone()),
            ("target_snake", snake(&self.target)),
            ("Target", pascal(&self.target)),
            ("TARGET", snake(&self.target).to_ascii_uppercase()),
            ("entity", self.entity.clone()),
            ("entity_snake", snake(&self.entity)),
            ("Entity", pascal(&self.entity)),
            ("event", self.event.clone()),
        ]
    }
}

fn kebab(what: &str, text: &str, longest: usize) -> Result<String> {
    let word = |word: &str| {
        word.starts_with(|first: char| first.is_ascii_lowercase())
            && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    };
    ensure!(
        text.len() <= longest && text.split('-').all(word),
        "{what} is words of a-z and 0-9, each beginning with a letter, with - between them, {longest} characters at most: \
         tickets-to-crm"
    );
    Ok(text.to_owned())
}

fn is_event(event: &str) -> bool {
    (1..=128).contains(&event.len())
        && event.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-./".contains(&byte))
}

/// `tickets` -> `ticket`, `companies` -> `company`; good enough to be offered.
fn singular(plural: &str) -> String {
    match plural.strip_suffix("ies") {
        Some(stem) if !stem.is_empty() => format!("{stem}y"),
        _ => plural.strip_suffix('s').filter(|stem| !stem.is_empty()).unwrap_or(plural).to_owned(),
    }
}

/// A module, a field or a crate cannot be called so. The crates are those that every flow uses.
fn is_taken(name: &str) -> bool {
    const WORDS: &[&str] = &[
        "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "crate", "do",
        "dyn", "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let",
        "loop", "macro", "match", "mod", "move", "mut", "override", "priv", "pub", "receiver", "ref",
        "return", "self", "settings", "static", "struct", "super", "trait", "true", "try", "type", "typeof",
        "union", "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
    ];
    WORDS.contains(&name)
}

pub(crate) fn snake(name: &str) -> String {
    name.replace('-', "_")
}

pub(crate) fn pascal(name: &str) -> String {
    name.split('-')
        .map(|word| {
            let (first, rest) = word.split_at(word.len().min(1));
            first.to_ascii_uppercase() + rest
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wish(name: &str) -> Wish {
        Wish { name: name.to_owned(), ..Wish::default() }
    }

    #[test]
    fn what_is_not_said_follows_from_the_name() {
        let made = Integration::named(&wish("tickets-to-help-desk")).unwrap();
        let Integration { name, source, target, entity, event } = made;
        assert_eq!(
            [name, source, target, entity, event],
            ["tickets-to-help-desk", "tickets", "help-desk", "ticket", "ticket.created"]
        );
        let companies = Integration::named(&wish("companies-to-erp")).unwrap();
        assert_eq!(companies.entity, "company");
    }

    #[test]
    fn what_is_said_counts() {
        let said = Wish {
            source: Some("zammad".to_owned()),
            target: Some("tryton".to_owned()),
            entity: Some("case".to_owned()),
            event: Some("tickets/create".to_owned()),
            ..wish("tickets-to-crm")
        };
        let made = Integration::named(&said).unwrap();
        assert_eq!((made.source.as_str(), made.target.as_str()), ("zammad", "tryton"));
        assert_eq!((made.entity.as_str(), made.event.as_str()), ("case", "tickets/create"));
    }

    #[test]
    fn a_name_that_cannot_be_one_is_refused_and_it_is_said_why() {
        for (name, why) in [
            ("tickets", "has no -to-"),
            ("", "NAME is words of a-z"),
            ("Tickets-to-crm", "NAME is words of a-z"),
            ("tickets-to-", "NAME is words of a-z"),
            ("../tickets-to-crm", "NAME is words of a-z"),
            ("tickets--to-crm", "NAME is words of a-z"),
            ("1-to-2", "NAME is words of a-z"),
            ("types-to-crm", "type is a word of Rust's own"),
            ("crm-to-crm", "source and target are both crm"),
            (&format!("{}-to-crm", "a".repeat(40)), "40 characters at most"),
        ] {
            let error = Integration::named(&wish(name)).unwrap_err().to_string();
            assert!(error.contains(why), "{name}: {error}");
        }
        let event = Wish { event: Some("a b".to_owned()), ..wish("tickets-to-crm") };
        assert!(Integration::named(&event).unwrap_err().to_string().contains("--event"));
    }
}
