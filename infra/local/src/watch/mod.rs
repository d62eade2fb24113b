//! The deployed alarms ring for real on the local engine: what AWS would measure is published (`publish`), the alarms are evaluated at the
//! end of each minute (`rings`), and what they tell their topics comes into a mailbox (`inbox`). Needs a stack whose alarms tell somebody:
//! Stage=prod.
//!
//! Minutes are real ones, as CloudWatch's are: an alarm rings up to a minute after what it is about, and is over up to a minute after it
//! was mended, or as many as it looks back.

mod embedded;
mod evaluate;
mod inbox;
mod left_out;
mod publish;
mod rings;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use jiff::Timestamp;
use serde_json::Value;
use tokio::task::JoinHandle;

pub use inbox::{Inbox, Notification};

use crate::deploy::STACK;
use crate::inspect::Inspect;
use crate::stack::Stack;
use crate::until::until;
use crate::workspace::Workspace;
use left_out::left_out;
use publish::Publisher;
use rings::Rings;

/// So long before a minute's end the queues are looked at. Later it might be the next minute's.
const QUEUES_BEFORE_END: i64 = 5_000;
/// So long after a minute's end all of its log lines can be read.
const LOGS_AFTER_END: i64 = 500;

const CONFIRMED_WITHIN: Duration = Duration::from_secs(10);
/// The rest of a minute, the three whole ones that *dlq-not-empty* looks back, and what a busy machine needs beside.
const TOLD_WITHIN: Duration = Duration::from_secs(270);

/// Watches a stack for as long as it lives.
pub struct Watch {
    pub inbox: Inbox,
    unwatched: Vec<String>,
    /// Why it does not watch any more.
    broken: Arc<Mutex<Option<String>>>,
    task: JoinHandle<()>,
}

impl Watch {
    pub async fn start(stack: &Stack) -> Result<Self> {
        let inspect = stack.engine.inspect();
        let topics = ["PageTopicArn", "TicketTopicArn"].map(|output| stack.output(output).map(str::to_owned));
        let topics = topics.into_iter().collect::<Result<Vec<_>>>()?;
        let inbox = Inbox::open(stack.engine.endpoint(), topics.clone()).await?;
        for topic in &topics {
            let parameters =
                [("TopicArn", topic.as_str()), ("Protocol", "http"), ("Endpoint", inbox.address())];
            inspect.query("sns", "Subscribe", &parameters).await.context("subscribing the inbox")?;
        }
        let confirmed = async || Ok((inbox.confirmed().len() == topics.len()).then_some(()));
        until("the confirmation of the inbox's subscriptions", CONFIRMED_WITHIN, confirmed).await?;

        let now = now();
        let mut rings = Rings::take_over(inspect.clone(), now / 60_000).await?;
        let left_out = left_out(Workspace::here().root(), &topics, &rings.names().await?)?;
        rings.put_left_out(left_out).await?;
        let unwatched = rings.unwatched.clone();
        let publisher = Publisher::new(inspect, now)?;
        let broken = Arc::<Mutex<Option<String>>>::default();
        let told = Arc::clone(&broken);
        let task = tokio::spawn(async move {
            if let Err(error) = watch(publisher, rings).await {
                *told.lock().unwrap_or_else(PoisonError::into_inner) = Some(format!("{error:#}"));
            }
        });
        Ok(Self { inbox, unwatched, broken, task })
    }

    /// Logical ids of the alarms that are never evaluated, as nobody sees what they are about; one that is there once a flow comes as often.
    pub fn unwatched(&self) -> impl Iterator<Item = &str> {
        self.unwatched.iter().map(String::as_str)
    }

    /// Waits for an alarm to tell of its new state, after so many notifications had come.
    pub async fn told(&self, alarm: AlarmId<'_>, state: &str, after: usize) -> Result<Notification> {
        until(&format!("{state} of {alarm:?}"), TOLD_WITHIN, async || {
            if let Some(why) = &*self.broken.lock().unwrap_or_else(PoisonError::into_inner) {
                bail!("alarms are not watched any more: {why}");
            }
            let news = self.inbox.notifications().into_iter().skip(after);
            let mut of_it = news.filter(|it| alarm.is(&it.alarm) && it.state == state);
            Ok(of_it.next())
        })
        .await
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// By the names that the templates give.
#[derive(Clone, Copy, Debug)]
pub enum AlarmId<'a> {
    /// Of a use of infra/flow.yaml (`OrdersToInventoryFlow`) the alarm with this logical id: CloudFormation makes its name of both.
    Within(&'a str, &'a str),
    /// With a name of its own, after the stack's.
    Named(&'a str),
}

impl AlarmId<'_> {
    pub fn is(&self, alarm: &str) -> bool {
        let Some(rest) = alarm.strip_prefix(STACK).and_then(|rest| rest.strip_prefix('-')) else {
            return false;
        };
        match self {
            Self::Within(nested, id) => {
                let rest = rest.strip_prefix(nested).filter(|rest| rest.starts_with('-'));
                rest.is_some_and(|rest| format!("{rest}-").contains(&format!("-{id}-")))
            }
            Self::Named(name) => rest == *name,
        }
    }
}

async fn watch(mut publisher: Publisher, mut rings: Rings) -> Result<()> {
    loop {
        let end = now() / 60_000 + 1;
        wait_for(end * 60_000 - QUEUES_BEFORE_END).await;
        publisher.queues().await?;
        wait_for(end * 60_000 + LOGS_AFTER_END).await;
        publisher.logs(end * 60_000).await?;
        rings.evaluate(end).await?;
    }
}

/// In milliseconds since 1970.
fn now() -> i64 {
    Timestamp::now().as_millisecond()
}

#[expect(clippy::disallowed_methods, reason = "CloudWatch's minutes are the clock's")]
async fn wait_for(time: i64) {
    let left = u64::try_from(time - now()).unwrap_or(0);
    tokio::time::sleep(Duration::from_millis(left)).await;
}

impl Inspect {
    /// One call of CloudWatch.
    async fn cloudwatch(&self, action: &str, body: &Value) -> Result<Value> {
        self.call("monitoring", &format!("GraniteServiceVersion20100801.{action}"), body).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alarm_is_known_by_its_place_in_the_templates() {
        let name = "spillway-local-CrmToErpFlow-1ABC-DeadLetterQueueNotEmptyAlarm-2DEF";
        let is = |nested, id| AlarmId::Within(nested, id).is(name);
        assert!(is("CrmToErpFlow", "DeadLetterQueueNotEmptyAlarm"));
        assert!(!is("HubSpotEnricherFlow", "DeadLetterQueueNotEmptyAlarm"));
        assert!(!is("CrmToErpFlow", "QueueNotEmptyAlarm"));
        assert!(!is("CrmToErp", "DeadLetterQueueNotEmptyAlarm"));
        let page = AlarmId::Named("crm-to-erp-dlq-page");
        assert!(page.is("spillway-local-crm-to-erp-dlq-page") && !page.is(name));
    }
}
