//! A mailbox for what alarms say: a server on loopback that SNS delivers to over HTTP
//! (docs.aws.amazon.com/sns/latest/dg/SendMessageToHttp.prepare.html). It confirms what it was subscribed to, and nothing else.
//!
//! Checked of each delivery: that its header and its body say the same type, that the topic is one of ours, that a confirmation leads to the
//! engine. Its signature is not: the engine signs nothing.

use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result, bail, ensure};
use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use http::{HeaderMap, StatusCode};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use uuid::Uuid;

/// What an alarm said when its state changed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Notification {
    pub message_id: String,
    pub topic: String,
    pub alarm: String,
    pub description: String,
    /// `ALARM`, `OK`.
    pub state: String,
    pub reason: String,
}

/// What the description says, in the form that each of ours has: `Severity: … Impact: … First check: … Runbook: … Console: …`.
impl Notification {
    pub fn impact(&self) -> &str {
        self.said("Impact: ").trim_end_matches('.')
    }

    /// Its address.
    pub fn runbook(&self) -> &str {
        self.said("Runbook: ")
    }

    fn said(&self, what: &str) -> &str {
        let from = self.description.split_once(what).map_or("", |(_, rest)| rest);
        let ends = [" First check:", " Runbook:", " Console:", "\n"].map(|next| from.find(next));
        let end = ends.into_iter().flatten().min().unwrap_or(from.len());
        from.get(..end).unwrap_or_default().trim()
    }
}

/// Ends with this value.
pub struct Inbox {
    address: String,
    kept: Arc<Kept>,
    server: JoinHandle<()>,
}

struct Kept {
    engine: String,
    topics: Vec<String>,
    client: reqwest::Client,
    mail: Mutex<Mail>,
}

#[derive(Default)]
struct Mail {
    confirmed: Vec<String>,
    notifications: Vec<Notification>,
    refused: Vec<String>,
}

#[derive(PartialEq, Eq, Debug)]
enum Delivery {
    /// Of the subscription to this topic, at this address.
    Confirm(String, String),
    Of(Notification),
}

impl Inbox {
    /// For these topics of the engine at this endpoint.
    pub(super) async fn open(engine: &str, topics: Vec<String>) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        // Nobody else on this machine knows where to post.
        let path = format!("/{}", Uuid::new_v4().simple());
        let address = format!("http://{}{path}", listener.local_addr()?);
        let client = crate::http::client();
        let kept = Arc::new(Kept { engine: engine.to_owned(), topics, client, mail: Mutex::default() });
        let app = Router::new().route(&path, post(deliver)).with_state(Arc::clone(&kept));
        let server = tokio::spawn(async move {
            // Serving ends only with the task.
            drop(axum::serve(listener, app).await);
        });
        Ok(Self { address, kept, server })
    }

    pub(super) fn address(&self) -> &str {
        &self.address
    }

    /// Topics whose subscription was confirmed.
    pub fn confirmed(&self) -> Vec<String> {
        self.kept.mail(|mail| mail.confirmed.clone())
    }

    /// In the order in which they came.
    pub fn notifications(&self) -> Vec<Notification> {
        self.kept.mail(|mail| mail.notifications.clone())
    }

    /// Why deliveries were not taken.
    pub fn refused(&self) -> Vec<String> {
        self.kept.mail(|mail| mail.refused.clone())
    }
}

impl Drop for Inbox {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Kept {
    fn mail<T>(&self, with: impl FnOnce(&mut Mail) -> T) -> T {
        with(&mut self.mail.lock().unwrap_or_else(PoisonError::into_inner))
    }

    async fn take(&self, headers: &HeaderMap, body: &str) -> Result<()> {
        let said = headers.get("x-amz-sns-message-type").and_then(|it| it.to_str().ok());
        match read(&self.engine, &self.topics, said.unwrap_or_default(), body)? {
            Delivery::Confirm(topic, at) => {
                self.client.get(at).send().await?.error_for_status().context("confirming a subscription")?;
                self.mail(|mail| mail.confirmed.push(topic));
            }
            // "At least once": the same message may come again.
            Delivery::Of(new) => self.mail(|mail| {
                let known =
                    |old: &Notification| (&old.message_id, &old.topic) == (&new.message_id, &new.topic);
                if !mail.notifications.iter().any(known) {
                    mail.notifications.push(new);
                }
            }),
        }
        Ok(())
    }
}

async fn deliver(State(kept): State<Arc<Kept>>, headers: HeaderMap, body: String) -> Response {
    match kept.take(&headers, &body).await {
        Ok(()) => StatusCode::OK.into_response(),
        Err(error) => {
            kept.mail(|mail| mail.refused.push(format!("{error:#}")));
            StatusCode::BAD_REQUEST.into_response()
        }
    }
}

fn read(engine: &str, topics: &[String], header: &str, body: &str) -> Result<Delivery> {
    let body: Value = serde_json::from_str(body).context("a delivery that is no JSON")?;
    let text = |value: &Value, name: &str| {
        value[name].as_str().map(str::to_owned).with_context(|| format!("a delivery without {name}"))
    };
    let (kind, topic) = (text(&body, "Type")?, text(&body, "TopicArn")?);
    ensure!(kind == header, "the header says {header}, the body {kind}");
    ensure!(topics.contains(&topic), "nobody has subscribed to {topic}");
    match kind.as_str() {
        "SubscriptionConfirmation" => {
            let at = text(&body, "SubscribeURL")?;
            let ours = at.strip_prefix(engine).is_some_and(|rest| rest.starts_with("/?"));
            ensure!(ours, "the confirmation does not lead to the engine");
            Ok(Delivery::Confirm(topic, at))
        }
        "Notification" => {
            let message_id = text(&body, "MessageId")?;
            let said: Value = serde_json::from_str(&text(&body, "Message")?).context("no alarm's message")?;
            Ok(Delivery::Of(Notification {
                message_id,
                topic,
                alarm: text(&said, "AlarmName")?,
                description: text(&said, "AlarmDescription")?,
                state: text(&said, "NewStateValue")?,
                reason: text(&said, "NewStateReason")?,
            }))
        }
        kind => bail!("a delivery of type {kind}"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const ENGINE: &str = "http://127.0.0.1:4566";
    const TOPIC: &str = "arn:aws:sns:us-east-1:000000000000:tickets";

    fn notification() -> Value {
        let alarm = json!({
            "AlarmName": "a", "AlarmDescription": "Impact", "NewStateValue": "ALARM", "NewStateReason": "1 above 0"
        });
        json!({ "Type": "Notification", "MessageId": "m", "TopicArn": TOPIC, "Message": alarm.to_string() })
    }

    fn said(header: &str, body: &Value) -> Result<Delivery> {
        read(ENGINE, &[TOPIC.to_owned()], header, &body.to_string())
    }

    #[test]
    fn what_an_alarm_says_is_kept() {
        let Delivery::Of(notification) = said("Notification", &notification()).unwrap() else {
            panic!("mail")
        };
        assert_eq!((notification.alarm.as_str(), notification.state.as_str()), ("a", "ALARM"));
        assert_eq!((notification.description.as_str(), notification.topic.as_str()), ("Impact", TOPIC));
    }

    #[test]
    fn a_subscription_is_confirmed_at_the_engine_alone() {
        let confirmation =
            |url: &str| json!({ "Type": "SubscriptionConfirmation", "TopicArn": TOPIC, "SubscribeURL": url });
        let url = format!("{ENGINE}/?Action=ConfirmSubscription&Token=t");
        let confirmed = said("SubscriptionConfirmation", &confirmation(&url)).unwrap();
        assert_eq!(confirmed, Delivery::Confirm(TOPIC.to_owned(), url));
        for elsewhere in ["http://example.com/?Token=t", "http://127.0.0.1:45660/?Token=t"] {
            assert!(said("SubscriptionConfirmation", &confirmation(elsewhere)).is_err(), "{elsewhere}");
        }
    }

    #[test]
    fn what_nobody_has_subscribed_to_is_refused() {
        let mut other = notification();
        other["TopicArn"] = json!("arn:aws:sns:us-east-1:000000000000:other");
        assert!(said("Notification", &other).is_err());
        assert!(said("SubscriptionConfirmation", &notification()).is_err());
        assert!(said("Notification", &json!({ "Type": "Notification", "TopicArn": TOPIC })).is_err());
        let mut bare = notification();
        bare["Message"] = json!("hello");
        assert!(said("Notification", &bare).is_err());
    }

    #[test]
    fn a_description_is_read_in_its_parts() {
        let mut body = notification();
        let alarm = json!({
            "AlarmName": "a", "NewStateValue": "OK", "NewStateReason": "",
            "AlarmDescription": "Severity: page. Impact: one lost. Or two. First check: x. Runbook: r.md#a Console: c"
        });
        body["Message"] = json!(alarm.to_string());
        let Delivery::Of(notification) = said("Notification", &body).unwrap() else { panic!("mail") };
        assert_eq!((notification.impact(), notification.runbook()), ("one lost. Or two", "r.md#a"));
    }

    #[tokio::test]
    async fn a_message_that_is_delivered_twice_is_kept_once() {
        let inbox = Inbox::open(ENGINE, vec![TOPIC.to_owned()]).await.unwrap();
        let client = crate::http::client();
        let post = async |kind: &str| {
            let request = client.post(inbox.address()).header("x-amz-sns-message-type", kind);
            request.body(notification().to_string()).send().await.unwrap().status().as_u16()
        };
        assert_eq!(
            (post("Notification").await, post("Notification").await, post("Other").await),
            (200, 200, 400)
        );
        assert_eq!((inbox.notifications().len(), inbox.refused().len()), (1, 1));
    }
}
