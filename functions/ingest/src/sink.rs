use async_trait::async_trait;
use thiserror::Error;

/// Where events go.
#[async_trait]
pub trait EventSink: Send + Sync {
    /// Gives the message id once the queue has accepted the body; before that there is nothing to acknowledge. `trace_header` is
    /// X-Ray's, by which the function behind the queue goes on with the request's trace.
    async fn send(
        &self,
        queue_url: &str,
        body: String,
        trace_header: Option<&str>,
    ) -> Result<String, SinkError>;
}

/// The queue has not accepted the message; the source has to send it again.
#[derive(Debug, Error)]
#[error("the queue did not accept the message: {reason}")]
pub struct SinkError {
    pub reason: String,
}
