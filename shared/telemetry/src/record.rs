use std::time::Duration;

use message::Disposition;

/// How one record ended: the one line that every record leaves, whatever became of it.
#[derive(Debug)]
pub struct RecordEnd<'a> {
    pub flow: &'static str,
    pub message_id: &'a str,
    /// Empty where the envelope could not be read.
    pub correlation_id: &'a str,
    pub event_type: &'a str,
    /// `ApproximateReceiveCount`.
    pub attempts: u32,
    pub elapsed: Duration,
    /// The mappings that it went through, with their versions; empty where there was none.
    pub mapping: &'a str,
    pub disposition: &'a Disposition,
    /// A Retry on the last permitted receive goes to the dead letter queue as well.
    pub dead_lettered: bool,
}

impl RecordEnd<'_> {
    /// What used up a receive or went to the dead letter queue is worth a warning: it is what queries look for.
    pub fn log(&self) {
        let disposition = self.disposition.name();
        let code = self.disposition.code().map(message::Code::as_str);
        let (path, summary) = match self.disposition {
            Disposition::Reject(rejection) => {
                (Some(rejection.path.as_str()), Some(rejection.summary.as_str()))
            }
            _ => (None, None),
        };
        let elapsed_ms = self.elapsed.as_millis();
        let Self { flow, message_id, correlation_id, event_type, attempts, mapping, dead_lettered, .. } =
            self;
        macro_rules! record_ended {
            ($level:ident) => {
                tracing::$level!(
                    flow,
                    message_id,
                    correlation_id,
                    event_type,
                    attempts,
                    mapping,
                    dead_lettered,
                    disposition,
                    code,
                    path,
                    summary,
                    elapsed_ms,
                    "record ended"
                )
            };
        }
        match self.disposition {
            Disposition::Retry(_) | Disposition::Reject(_) => record_ended!(warn),
            Disposition::Done
            | Disposition::Duplicate
            | Disposition::Stale
            | Disposition::Ignored
            | Disposition::Hold(_) => record_ended!(info),
        }
    }
}
