use std::io::Write as _;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use anyhow::{Context, Result, anyhow, bail, ensure};
use clap::Args;
use json_patch::Patch;
use review::{Editing, Review, ReviewError, Shown, Stop, Verdict};
use serde_json::{Value, json};
use tokio::process::Command;

use super::arguments::{Scope, Settings, id, reason};
use super::body;
use super::show::{verdict, verdict_json};
use crate::answer::Answer;
use crate::input;
use crate::interrupt::Interrupt;
use crate::print;

/// Digits that a double keeps, whichever they are.
const EXACT_DIGITS: usize = 15;

#[derive(Args)]
pub(crate) struct Edit {
    /// Its id, the one that it had before it was first redriven, or the first six characters or more of either.
    #[arg(value_parser = id)]
    id: String,
    /// A JSON Patch (RFC 6902) of the envelope's data, or - for standard input; without it the body is opened in $VISUAL or $EDITOR.
    #[arg(long, value_name = "FILE", value_parser = patch)]
    patch: Option<Patch>,
    /// Takes the edit of it away: it goes on with its own body.
    #[arg(long, conflicts_with_all = ["patch", "check"])]
    take_back: bool,
    /// For whoever reads the audit.
    #[arg(long, value_parser = reason, required_unless_present = "check")]
    reason: Option<String>,
    /// Even where a mapping would still refuse it.
    #[arg(long)]
    anyway: bool,
    /// Only says what the mappings say of the body as it is edited; stores nothing, and needs no reason.
    #[arg(long, conflicts_with = "anyway")]
    check: bool,
    #[command(flatten)]
    pub(crate) scope: Scope,
    #[command(flatten)]
    pub(crate) settings: Settings,
}

fn patch(path: &str) -> Result<Patch, String> {
    let text = input::text(Path::new(path)).map_err(|error| format!("{error:#}"))?;
    // Serde's own message may quote a value.
    let read = serde_json::from_str(&text).map_err(|error| {
        format!("no JSON Patch (line {}): expected [{{\"op\": \"replace\", \"path\": \"/sku\", \"value\": \"A-1\"}}]", error.line())
    })?;
    rounded(&text).map_or(Ok(read), |digits| {
        Err(format!("a number of {digits} digits stands in the patch, which would be rounded: write it in an editor, without --patch"))
    })
}

impl Edit {
    pub(crate) async fn run(&self, review: &Review, interrupt: &Interrupt, stop: &Stop) -> Result<Answer> {
        let shown = review.show(&self.id, &self.scope.flows, stop).await?;
        if self.take_back {
            ensure!(shown.edit.is_some(), "{}: there is no edit of it", shown.letter.id);
            return Ok(self.store(review, &shown, &shown.letter.body, stop).await?);
        }
        if let Some(patch) = &self.patch {
            return Ok(self.store(review, &shown, &patched(&shown.body, patch)?, stop).await?);
        }
        let editor = editor()?;
        let offered = body::pretty(&shown.body);
        let mut text = offered.clone();
        loop {
            text = interrupt.leaving_ctrl_c(opened(&editor, &text)).await?;
            ensure!(!stop.is_stopped(), "broken off, nothing is stored");
            ensure!(text.trim_end() != offered.trim_end(), "nothing was changed, nothing is stored");
            match self.store(review, &shown, &text, stop).await {
                Err(ReviewError::Refused(problem)) if print::is_asked() && !stop.is_stopped() => {
                    print::say(&problem);
                    match print::ask("go on editing?", stop) {
                        Some(true) => {}
                        Some(false) => bail!("nothing is stored"),
                        None => bail!("broken off, nothing is stored"),
                    }
                }
                stored => return Ok(stored?),
            }
        }
    }

    async fn store(
        &self,
        review: &Review,
        shown: &Shown,
        after: &str,
        stop: &Stop,
    ) -> Result<Answer, ReviewError> {
        let flow = std::slice::from_ref(&shown.flow);
        if self.check {
            let (judged, _) = review.check(&shown.letter.id, flow, after, stop).await?;
            return Ok(Answer {
                text: format!("{}: checked, not stored; {}", shown.letter.id, verdict(&judged)),
                json: json!({ "edit": null, "verdict": verdict_json(&judged) }),
                good: !matches!(judged, Verdict::Fails(_)),
            });
        }
        let why = self.reason.as_deref().unwrap_or_default();
        let began_from = shown.edit.as_ref().map(|edit| edit.after.as_str());
        let editing = Editing { after, why, anyway: self.anyway, began_from };
        let (edit, judged) = review.edit(&shown.letter.id, flow, &editing, stop).await?;
        let id = &shown.letter.id;
        if edit.is_taken_back() {
            let text =
                format!("{id}: its edit is taken away, it goes on with its own body; {}", verdict(&judged));
            let json = json!({ "edit": null, "verdict": verdict_json(&judged) });
            return Ok(Answer { text, json, good: true });
        }
        let text = format!(
            "{id}: edited; {}\nspillway dlq redrive sends it so, by a plan that is made from now on. A redrive in the console sends the body as \
             it was.",
            verdict(&judged)
        );
        let good = !matches!(judged, Verdict::Fails(_));
        Ok(Answer { text, json: json!({ "edit": edit, "verdict": verdict_json(&judged) }), good })
    }
}

/// The body with its payload patched.
fn patched(body: &str, patch: &Patch) -> Result<String> {
    let data = body::data(body)
        .context("the body is no envelope whose data a patch could change: open it in an editor")?;
    if let Some(digits) = rounded(data) {
        bail!("a number of {digits} digits stands in it, which a patch would round: open it in an editor");
    }
    let mut value: Value = serde_json::from_str(data).map_err(|_| anyhow!("its data cannot be read"))?;
    // The crate's message names the operation and the place, and no value but the patch's own.
    json_patch::patch(&mut value, patch).map_err(|error| anyhow!("the patch does not fit: {error}"))?;
    body::with_data(body, &value.to_string()).context("its data cannot be found again")
}

/// Of the first number of a JSON document that would be another once it was read and written: how many digits it has.
fn rounded(json: &str) -> Option<usize> {
    let number = numbers(json).find(|number| !is_kept(number))?;
    Some(number.bytes().filter(u8::is_ascii_digit).count())
}

/// Every number that stands in a JSON document, as it is written.
fn numbers(json: &str) -> impl Iterator<Item = &str> {
    let (mut in_text, mut escaped) = (false, false);
    let pieces = json.split(move |c: char| {
        if in_text {
            in_text = escaped || c != '"';
            escaped = !escaped && c == '\\';
            return true;
        }
        in_text = c == '"';
        !(c.is_ascii_digit() || matches!(c, '-' | '+' | '.' | 'e' | 'E'))
    });
    pieces.filter(|piece| piece.bytes().any(|c| c.is_ascii_digit()))
}

/// Whether it is the same number once it was read and written.
fn is_kept(number: &str) -> bool {
    let mantissa = number.split(['e', 'E']).next().unwrap_or(number);
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    number.parse::<i64>().is_ok()
        || number.parse::<u64>().is_ok()
        || digits.trim_matches('0').len() <= EXACT_DIGITS && number.parse::<f64>().is_ok_and(f64::is_finite)
}

#[expect(clippy::disallowed_methods, reason = "a person's editor is theirs to name, as everywhere")]
fn editor() -> Result<String> {
    let named = ["VISUAL", "EDITOR"].into_iter().filter_map(|name| std::env::var(name).ok());
    let editor = named.map(|editor| editor.trim().to_owned()).find(|editor| !editor.is_empty());
    editor.context("neither $VISUAL nor $EDITOR says which editor: set one, or say --patch FILE")
}

/// What a person has made of a text in their editor. It stands in a folder that nobody else can look into and that is gone afterwards,
/// with whatever the editor has left beside it.
async fn opened(editor: &str, text: &str) -> Result<String> {
    let context = "writing the body for the editor";
    let folder = tempfile::Builder::new()
        .prefix("spillway-")
        .permissions(std::fs::Permissions::from_mode(0o700))
        .tempdir()
        .context(context)?;
    let path = folder.path().join("letter.json");
    let mut file =
        std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path).context(context)?;
    file.write_all(text.as_bytes()).and_then(|()| file.write_all(b"\n")).context(context)?;
    drop(file);
    // As a shell reads it: `code --wait`.
    let script = format!("{editor} \"$1\"");
    let status = Command::new("sh").args(["-c", &script, "sh"]).arg(&path).status().await;
    let status = status.with_context(|| format!("starting {editor}"))?;
    ensure!(status.success(), "{editor} ended with {status}: nothing is stored");
    let saved = std::fs::read_to_string(&path).context("reading what the editor saved")?;
    folder.close().context("removing what the editor was given")?;
    Ok(saved)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{asked, id, refused, review, unknown_status, world};
    use super::*;

    fn patch_file(patch: &Value) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), patch.to_string()).unwrap();
        file
    }

    const WHY: [&str; 2] = ["--reason", "as the shop says"];

    async fn edit(world: &review::memory::World, patch: Value, more: &[&str]) -> Result<Answer> {
        let file = patch_file(&patch);
        let one = id(1);
        let arguments = [&one, "--patch", file.path().to_str().unwrap(), "--stack", "shop"];
        let edit = asked::<Edit>(&[&arguments[..], more].concat());
        let stop = Stop::default();
        edit.run(&review(world), &Interrupt::listen(&stop).unwrap(), &stop).await
    }

    #[tokio::test]
    async fn a_patch_changes_the_payload_alone_and_is_judged_by_the_mapping() {
        let world = world([unknown_status(1)]);
        let mended = json!([{ "op": "replace", "path": "/fulfillment_status", "value": null }]);
        let answer = edit(&world, mended, &WHY).await.unwrap();
        assert!(answer.good && answer.text.contains("edited; today the mappings take it"), "{}", answer.text);
        let shown = review(&world).show(&id(1), &[], &Stop::default()).await.unwrap();
        let values =
            [&shown.letter.body, &shown.body].map(|body| serde_json::from_str::<Value>(body).unwrap());
        assert!(
            values[0]["data"]["fulfillment_status"].is_string()
                && values[1]["data"]["fulfillment_status"].is_null()
        );
        assert_eq!(values[0]["correlationid"], values[1]["correlationid"]);
    }

    #[tokio::test]
    async fn what_would_still_be_refused_is_stored_only_where_somebody_insists() {
        let world = world([unknown_status(1)]);
        let worse = json!([{ "op": "replace", "path": "/fulfillment_status", "value": "canary" }]);
        let error = edit(&world, worse.clone(), &WHY).await.err().unwrap().to_string();
        assert!(error.contains("it would still be refused: SPW2004") && !error.contains("canary"), "{error}");
        assert!(world.objects().is_empty() && world.records().is_empty());
        let insisted = edit(&world, worse, &[WHY[0], WHY[1], "--anyway"]).await.unwrap();
        assert!(!insisted.good && world.records().len() == 1, "{}", insisted.text);
    }

    #[tokio::test]
    async fn an_edit_is_taken_away_and_there_is_none_to_take_away_then() {
        let world = world([unknown_status(1)]);
        let mended = json!([{ "op": "replace", "path": "/fulfillment_status", "value": null }]);
        edit(&world, mended, &[]).await.unwrap();
        let one = id(1);
        let arguments = [&one, "--take-back", "--reason", "it was right", "--stack", "shop"];
        let stop = Stop::default();
        let take_back = async || {
            let interrupt = Interrupt::listen(&stop).unwrap();
            asked::<Edit>(&arguments).run(&review(&world), &interrupt, &stop).await
        };
        let answer = take_back().await.unwrap();
        assert!(
            answer.good && answer.text.contains("taken away") && answer.json["edit"].is_null(),
            "{}",
            answer.text
        );
        assert!(review(&world).show(&id(1), &[], &stop).await.unwrap().edit.is_none());
        let error = take_back().await.err().unwrap().to_string();
        assert!(error.contains("there is no edit of it"), "{error}");
    }

    #[tokio::test]
    async fn what_is_only_checked_is_judged_and_stored_nowhere() {
        let world = world([unknown_status(1)]);
        let status = |value| json!([{ "op": "replace", "path": "/fulfillment_status", "value": value }]);
        let mended = edit(&world, status(Value::Null), &["--check"]).await.unwrap();
        assert!(
            mended.good && mended.text.contains("checked, not stored; today the mappings take it"),
            "{}",
            mended.text
        );
        let worse = edit(&world, status(json!("canary")), &["--check"]).await.unwrap();
        assert!(!worse.good && worse.text.contains("SPW2004 at $.fulfillment_status"), "{}", worse.text);
        assert_eq!((&worse.json["edit"], &worse.json["verdict"]["would"]), (&Value::Null, &json!("fail")));
        assert!(world.objects().is_empty() && world.records().is_empty());
        let one = id(1);
        let unsaid = refused::<Edit>(&[&one, "--stack", "shop"]).err().unwrap();
        assert!(unsaid.contains("--reason"), "{unsaid}");
    }

    #[tokio::test]
    async fn a_patch_that_does_not_fit_changes_nothing() {
        let world = world([unknown_status(1)]);
        let wrong = json!([{ "op": "remove", "path": "/no_such_member" }]);
        let error = edit(&world, wrong, &WHY).await.err().unwrap().to_string();
        assert!(error.contains("the patch does not fit") && world.objects().is_empty(), "{error}");
        let no_patch = patch_file(&json!({ "canary": 1 }));
        let one = id(1);
        let arguments =
            [&one, "--patch", no_patch.path().to_str().unwrap(), "--reason", "x", "--stack", "shop"];
        let error = refused::<Edit>(&arguments).err().unwrap();
        assert!(error.contains("no JSON Patch (line 1)") && !error.contains("canary"), "{error}");
    }

    #[test]
    fn a_number_that_a_patch_would_round_is_left_to_an_editor() {
        for kept in [
            "0",
            "-7",
            "10.00",
            "18446744073709551615",
            "1e3",
            "0.000000000000000123",
            "123456789012345000000",
        ] {
            assert!(is_kept(kept), "{kept}");
        }
        for rounded in ["12345678901234567890123", "1.2345678901234567", "1e400"] {
            assert!(!is_kept(rounded), "{rounded}");
        }
        let json = r#"{"a\"1": [1, -2.5e3], "b": "7", "c\\": 8, "d": {"e": 12345678901234567890123}}"#;
        assert_eq!(numbers(json).collect::<Vec<_>>(), ["1", "-2.5e3", "8", "12345678901234567890123"]);
        let body = format!(
            r#"{{"specversion":"1.0","id":"e","source":"/s","type":"t","time":"2026-11-24T10:00:00Z","correlationid":"e","data":{json}}}"#
        );
        let patch = serde_json::from_value(json!([{ "op": "remove", "path": "/b" }])).unwrap();
        let error = patched(&body, &patch).unwrap_err().to_string();
        assert!(error.contains("a number of 23 digits"), "{error}");
    }

    #[test]
    fn a_patch_whose_own_number_would_be_rounded_is_refused() {
        let with = |value: &str| {
            let file = tempfile::NamedTempFile::new().unwrap();
            let patch = format!(
                r#"[{{"op": "replace", "path": "/lines/12345678901234567890123", "value": {value}}}]"#
            );
            std::fs::write(file.path(), patch).unwrap();
            patch_of(&file)
        };
        for kept in ["12345678901234567", "10.00", r#""12345678901234567890123""#, "null"] {
            assert!(with(kept).is_ok(), "{kept}");
        }
        for value in ["12345678901234567890123", r#"{"a": [1.2345678901234567]}"#, "1e400"] {
            let error = with(value).err().unwrap();
            assert!(error.contains("digits stands in the patch") || value == "1e400", "{error}");
            assert!(!error.contains("1234567"), "{error}");
        }
    }

    fn patch_of(file: &tempfile::NamedTempFile) -> Result<Patch, String> {
        patch(file.path().to_str().unwrap())
    }

    #[tokio::test]
    async fn an_editor_keeps_numbers_and_signs_that_nobody_touches() {
        let mut letter = unknown_status(1);
        let odd = "\"note\": \"\u{200f}\u{7f}a\u{85}\", \"big\": 12345678901234567890123, \"price\": 10.00, \"tax\": 0.10000000000000000555";
        letter.body = letter.body.replacen("\"data\":{", &format!("\"data\":{{{odd},"), 1);
        let offered = body::pretty(&letter.body);
        let saved = opened("sed -i s/teleported/fulfilled/", &offered).await.unwrap();
        let stored = review::edited(&letter.body, &saved).unwrap();
        for number in ["12345678901234567890123,", "10.00,", "0.10000000000000000555,"] {
            assert!(stored.contains(number), "{number} in {stored}");
        }
        let value = |text: &str| serde_json::from_str::<Value>(text).unwrap();
        let before = letter.body.replace("teleported", "fulfilled");
        assert_ne!(before, letter.body);
        assert_eq!(value(&stored), value(&before));
    }

    #[tokio::test]
    async fn an_editor_is_given_a_file_that_nobody_else_reads_and_that_is_gone_afterwards() {
        let seen = tempfile::tempdir().unwrap();
        let noted = seen.path().join("noted").display().to_string();
        let editor = format!(
            "f() {{ stat -c %a \"$1\" > {noted}; echo \"$1\" >> {noted}; sed -i s/old/new/ \"$1\"; }}; f"
        );
        assert_eq!(opened(&editor, "the old text").await.unwrap(), "the new text\n");
        let noted = std::fs::read_to_string(noted).unwrap();
        let (mode, path) = noted.split_once('\n').unwrap();
        assert_eq!((mode, Path::new(path.trim()).exists()), ("600", false));
        assert!(!Path::new(path.trim()).parent().unwrap().exists());
        let error = opened("false", "text").await.unwrap_err().to_string();
        assert!(error.contains("nothing is stored"), "{error}");
    }
}
