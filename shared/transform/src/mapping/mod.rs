//! Mappings as they are written.

pub mod file;
pub(crate) mod path;

use file::{DefaultValue, MappingFile, Source, With};
use path::Place;

/// Contract of what `@envelope` reads.
pub(crate) const ENVELOPE: &str = "spillway.envelope@1";

/// Every place that a mapping reads; the error names the rule.
pub(crate) fn places(file: &MappingFile) -> Result<Vec<Place>, (String, String)> {
    let mut places = Vec::new();
    let mut add = |rule: &str, text: &str| -> Result<(), (String, String)> {
        let place = Place::parse(text).map_err(|problem| (rule.to_owned(), problem))?;
        places.push(place);
        Ok(())
    };
    let named =
        |with: &With| with.values().flat_map(|places| places.iter().map(str::to_owned)).collect::<Vec<_>>();
    file.version_at.iter().try_for_each(|place| add("version_at", place))?;
    for list in &file.list {
        add(&list.to, &list.from)?;
        named(&list.with).iter().try_for_each(|place| add(&list.to, place))?;
    }
    for refuse in &file.refuse {
        add(&refuse.at, &refuse.at)?;
        named(&refuse.with).iter().try_for_each(|place| add(&refuse.at, place))?;
    }
    for rule in &file.rule {
        for source in rule.from.iter() {
            match source {
                Source::Place(place) => add(&rule.to, place)?,
                Source::Join { join, .. } => join.iter().try_for_each(|place| add(&rule.to, place))?,
                Source::Template { template: text } => {
                    let pieces = template(text).map_err(|problem| (rule.to.clone(), problem))?;
                    for place in pieces.into_iter().filter_map(Result::err) {
                        add(&rule.to, place)?;
                    }
                }
            }
        }
        named(&rule.with).iter().try_for_each(|place| add(&rule.to, place))?;
        for place in rule.currency.iter().chain(&rule.needed_with) {
            add(&rule.to, place)?;
        }
        if let Some(DefaultValue::When(default)) = &rule.default {
            named(&default.with).iter().try_for_each(|place| add(&rule.to, place))?;
        }
    }
    Ok(places)
}

/// Text, and places in braces, as `Ok` and `Err`.
pub(crate) fn template(text: &str) -> Result<Vec<Result<&str, &str>>, String> {
    let (mut pieces, mut rest) = (Vec::new(), text);
    while let Some((before, after)) = rest.split_once('{') {
        let Some((place, behind)) = after.split_once('}') else {
            return Err(format!("{text}: {{ without }}"));
        };
        if !before.is_empty() {
            pieces.push(Ok(before));
        }
        pieces.push(Err(place));
        rest = behind;
    }
    if !rest.is_empty() {
        pieces.push(Ok(rest));
    }
    Ok(pieces)
}
