//! A target that answers with what it was asked: address, headers and body, its credentials and whatever else is in them.

use http::{Method, Request, Response};
use outbound::TransportError;
use serde_json::{Value, json};
use testkit::CANARY;

#[derive(Clone, Copy, Debug)]
pub(crate) struct Echo {
    /// No answer where there is none.
    pub(crate) status: Option<u16>,
    pub(crate) form: Form,
    /// What changes nothing is answered as always.
    pub(crate) writes_only: bool,
}

/// As targets word their errors.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Form {
    Text,
    /// All of the request in each member that a connector might read.
    Members,
    /// One word of it there: what looks like a code.
    Words,
    /// Sentences with such a word.
    Sentences,
}

impl Form {
    pub(crate) const ALL: [Self; 4] = [Self::Text, Self::Members, Self::Words, Self::Sentences];
}

impl Echo {
    pub(crate) fn takes(self, method: &Method) -> bool {
        !self.writes_only || method != Method::GET
    }

    pub(crate) fn answer(self, request: &Request<Vec<u8>>) -> Result<Response<Vec<u8>>, TransportError> {
        let status = self.status.ok_or(TransportError::NoAnswer)?;
        let headers: Vec<_> = request
            .headers()
            .iter()
            .map(|(name, value)| format!("{name}: {}", String::from_utf8_lossy(value.as_bytes())))
            .collect();
        let body = String::from_utf8_lossy(request.body());
        let asked = format!("{} {} {} {body}", request.method(), request.uri(), headers.join(" "));
        let mut words = asked.split(|c: char| !c.is_ascii_alphanumeric());
        let word = words.find(|word| word.contains(CANARY)).unwrap_or(CANARY).to_owned();
        let said = match self.form {
            Form::Text => asked,
            Form::Members => members(&asked).to_string(),
            Form::Words => members(&word).to_string(),
            Form::Sentences => sentences(&word).to_string(),
        };
        Ok(Response::builder().status(status).body(said.into_bytes()).unwrap())
    }
}

fn members(text: &str) -> Value {
    let error = json!({ "code": text, "message": text, "level": text, "details": { text: text } });
    json!({
        "errors": [error], "messages": [error], "message": text, "msg": text, "error": text, "description": text,
        "category": text, "subCategory": text, "status": text, "detail": text, "correlationId": text,
        "result": [{ "error": text, "status": text }], text: text
    })
}

fn sentences(word: &str) -> Value {
    let sentence = format!("{word} cannot be blank");
    let other = format!("Subject {word} is invalid");
    json!({
        "errors": [sentence, other, word], "error": sentence, "msg": sentence,
        "message": format!("The code {word} on party must be unique."),
    })
}
