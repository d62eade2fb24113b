//! What somebody finds who is woken at three: the same five parts at every alarm, and three things to look at, in the console and as a command.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

use std::collections::{BTreeMap, BTreeSet};

const RUNBOOKS: &str = include_str!("../../../../docs/runbooks.md");
/// Operations with those of their options that runbooks use, each as the AWS CLI documents it (docs.aws.amazon.com/cli/latest/reference/; checked
/// by awscli 1.46.3's own models), and those of `spillway` (`infra/cli`).
const COMMANDS: &str = include_str!("commands.txt");
const PARTS: [&str; 5] =
    ["**Means**: ", "**The business feels**: ", "**Look first**:\n", "**Mend**: ", "**Mended when** "];
const STEPS: usize = 3;
/// Longer than that is not read at three.
const LONGEST: usize = 40;

/// Anchor and text of each section.
fn sections(page: &str) -> Vec<(&str, &str)> {
    let sections = page.split("\n## ").skip(1);
    sections.map(|section| section.split_once('\n').unwrap()).collect()
}

/// What is not as it has to be.
fn wrong(anchor: &str, text: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut say = |what: String| wrong.push(format!("{anchor}: {what}"));
    let paragraphs: Vec<_> = text.split("\n\n").map(str::trim_start).collect();
    let places = PARTS.map(|part| {
        let of_part = paragraphs.iter().enumerate().filter(|(_, text)| format!("{text}\n").starts_with(part));
        of_part.map(|(place, _)| place).collect::<Vec<_>>()
    });
    let each_once = places.iter().all(|places| places.len() == 1);
    if !each_once || !places.is_sorted() {
        say(format!("its parts stand at {places:?}"));
    }
    let steps = places[2].first().and_then(|place| paragraphs.get(place + 1)).copied().unwrap_or_default();
    let steps: Vec<_> = (1..=STEPS + 1)
        .map_while(|number| {
            let rest = format!("\n{steps}").split_once(&format!("\n{number}. "))?.1.to_owned();
            Some(rest.split(&format!("\n{}. ", number + 1)).next().unwrap_or_default().to_owned())
        })
        .collect();
    if steps.len() != STEPS {
        say(format!("{} steps", steps.len()));
    }
    for (number, step) in steps.iter().enumerate() {
        let command = step.split_once("\n   CLI: `").and_then(|(_, rest)| rest.strip_suffix('`'));
        if !step.contains("Console:") || command.is_none() {
            say(format!("step {} is not for the console and as a command", number + 1));
        }
    }
    if text.lines().count() > LONGEST {
        say(format!("{} lines", text.lines().count()));
    }
    wrong
}

/// Each command, in the text or in a block of its own.
fn commands(page: &str) -> Vec<&str> {
    let inline = page.split("CLI: `").skip(1).filter_map(|rest| rest.split('`').next());
    let blocks = page.lines().filter_map(|line| line.strip_prefix("    ")).map(str::trim_start);
    let blocks: Vec<_> = blocks.flat_map(|line| line.split("; ")).collect();
    let called = blocks.iter().flat_map(|line| std::iter::once(*line).chain(line.split("$(").skip(1)));
    let starts = |line: &&str| ["aws ", "spillway "].iter().any(|tool| line.starts_with(tool));
    inline.chain(called.filter(starts)).collect()
}

/// Its tool with the operation, and its options.
fn read(command: &str) -> (String, BTreeSet<&str>) {
    let words: Vec<_> = command.split_whitespace().collect();
    let named = words.iter().take_while(|word| word.chars().all(|c| c.is_ascii_lowercase() || c == '-'));
    let named: Vec<_> = named.take(3).take_while(|word| !word.starts_with('-')).copied().collect();
    let options =
        words.iter().filter(|word| word.starts_with("--")).map(|word| word.trim_end_matches([')', '"']));
    (named.join(" "), options.collect())
}

fn known() -> BTreeMap<String, BTreeSet<&'static str>> {
    COMMANDS.lines().map(read).collect()
}

/// Why it cannot be run.
fn refused(known: &BTreeMap<String, BTreeSet<&str>>, command: &str) -> Option<String> {
    let (named, options) = read(command);
    if ["curl", "insights"].contains(&named.as_str()) {
        return None;
    }
    let Some(documented) = known.get(&named) else { return Some(format!("{command}: no '{named}'")) };
    let unknown: Vec<_> = options.difference(documented).collect();
    (!unknown.is_empty()).then(|| format!("{command}: {unknown:?}"))
}

#[test]
fn every_section_has_its_five_parts_and_three_things_to_look_at() {
    let sections = sections(RUNBOOKS);
    assert!(sections.len() > 20, "{}", sections.len());
    let wrong: Vec<_> = sections.iter().flat_map(|(anchor, text)| wrong(anchor, text)).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_command_has_an_operation_and_options_that_there_are() {
    let (known, commands) = (known(), commands(RUNBOOKS));
    assert!(commands.len() > STEPS * 20, "{}", commands.len());
    let refused: Vec<_> = commands.iter().filter_map(|command| refused(&known, command)).collect();
    assert!(refused.is_empty(), "{refused:#?}");
}

/// Else the two above would say nothing.
#[test]
fn a_section_that_lacks_something_and_a_command_that_is_wrong_are_found() {
    let (anchor, text) = sections(RUNBOOKS)[0];
    assert!(wrong(anchor, text).is_empty());
    for (from, to) in [
        ("**Mend**: ", "**Mending**: "),
        ("**Means**: ", "**Means** "),
        ("\n2. ", "\n"),
        ("Console:", "Look at"),
        ("CLI: `", "`"),
        ("\n3. ", "\n4. "),
    ] {
        assert!(!wrong(anchor, &text.replacen(from, to, 1)).is_empty(), "{from}");
    }
    for command in [
        "aws sqs recieve-message --queue-url Q",
        "aws sqs receive-message --queue Q",
        "spillway trace ID --tables TABLE",
        "rm -r /",
    ] {
        assert!(refused(&known(), command).is_some(), "{command}");
    }
}
