use std::time::Duration;

use aws_lambda_events::event::sqs::SqsEvent;
use jiff::Timestamp;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use tokio::time::Instant;

use crate::{Flow, Receiver};

/// Serves invocations until Lambda ends the process.
pub(crate) async fn run<F: Flow>(receiver: Receiver<F>) -> Result<(), Error> {
    let receiver = &receiver;
    lambda_runtime::run(service_fn(move |event: LambdaEvent<SqsEvent>| async move {
        let deadline = Instant::now() + remaining(event.context.deadline, Timestamp::now());
        receiver.receive(event.payload, deadline).await.map_err(Error::from)
    }))
    .await
}

/// What is left until the invocation's deadline, which Lambda gives in UTC milliseconds.
fn remaining(deadline_ms: u64, now: Timestamp) -> Duration {
    let now_ms = u64::try_from(now.as_millisecond()).unwrap_or(0);
    Duration::from_millis(deadline_ms.saturating_sub(now_ms))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_remaining_time_is_never_negative() {
        let now = Timestamp::from_second(1_000).unwrap();
        assert_eq!(remaining(1_000_500, now), Duration::from_millis(500));
        assert_eq!(remaining(999_000, now), Duration::ZERO);
        assert_eq!(remaining(0, now), Duration::ZERO);
    }
}
