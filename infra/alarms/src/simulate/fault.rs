/// What fails.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fault {
    /// No answer from the system that these flows call.
    TargetDown {
        flows: &'static [&'static str],
    },
    /// It answers 429.
    TargetThrottles {
        flows: &'static [&'static str],
    },
    /// It answers 401.
    CredentialsRefused {
        flows: &'static [&'static str],
    },
    /// Every so many messages one is refused by its mapping.
    Poison {
        flow: &'static str,
        every: u32,
    },
    /// The same for a value that no value map knows.
    UnknownValue {
        flow: &'static str,
        every: u32,
    },
    OverridesRefused {
        flow: &'static str,
    },
    /// Nothing comes in for this flow.
    SourceSilent {
        flow: &'static str,
    },
    /// Its source has ever less to tell: from one event a minute on, the time between two of them doubles twice a day.
    SourceFades {
        flow: &'static str,
    },
    /// It has never had an event, and has none.
    NewFlow {
        flow: &'static str,
    },
    /// Events happen, and are not posted to us; the source says so where it is asked.
    SubscriptionGone {
        flow: &'static str,
    },
    /// Whoever asks it for events is answered 500; it posts them as ever.
    SourceFails {
        flow: &'static str,
    },
    /// So many events a minute more, by a rule of EventBridge.
    Surge {
        flow: &'static str,
        events: u32,
    },
    /// Somebody receives so many messages that were waiting, for two hours, and deletes none.
    TakenByOthers {
        flow: &'static str,
        count: u32,
    },
    /// People do not work, and little comes in for any flow.
    Holiday,
    /// Today stands in `Holidays`.
    HolidayDeclared,
    /// Nobody polls its queue, although its mapping is enabled.
    PollerDead {
        flow: &'static str,
    },
    /// Somebody has disabled its mapping.
    MappingDisabled {
        flow: &'static str,
    },
    /// Nobody has the watchdog look at this flow.
    ScheduleGone {
        flow: &'static str,
    },
    WatchdogDead,
    /// One of the flow's secrets is older than a year.
    SecretOld {
        flow: &'static str,
    },
    FunctionCrashes {
        flow: &'static str,
    },
    /// Every invocation is broken off.
    FunctionTimesOut {
        flow: &'static str,
    },
    /// Every so many messages one makes the function panic, the first time that it comes.
    Panics {
        flow: &'static str,
        every: u32,
    },
    /// It answers, after most of an invocation's time.
    TargetSlow {
        flows: &'static [&'static str],
    },
    /// The account has no concurrency left for it.
    FunctionThrottled {
        flow: &'static str,
    },
    /// So many invocations of it at a time that are not its queue's.
    InvokedByOthers {
        flow: &'static str,
        count: u32,
    },
    TableThrottled,
    /// DynamoDB answers 500.
    TableFails,
    /// It deletes nothing that has expired.
    TtlStalled,
    /// What comes in for this flow comes so many times more.
    SourceRepeats {
        flow: &'static str,
        times: u32,
    },
    /// Its webhooks are signed by another secret.
    SignatureWrong {
        flow: &'static str,
    },
    /// It answers after three seconds.
    IngestSlow,
    /// It acknowledges, counts, and sends nothing.
    IngestLoses,
    /// So many dead letters at once, of unknown reason.
    DeadLetters {
        flow: &'static str,
        count: u32,
    },
    /// Every so many minutes somebody looks at all dead letters, which hides them from so many samples.
    LettersLookedAt {
        flow: &'static str,
        every: u32,
        minutes: u32,
    },
    /// All dead letters go back, to be done this time.
    Redrive {
        flow: &'static str,
    },
    /// Two versions of every function run, the new one starts cold. Whoever deploys has said so when it begins.
    Deploy,
    /// Who posts gets no answer, and AWS counts no request: its name, its certificate, what stands before it.
    ApiUnreachable,
    IngestCrashes,
    IngestThrottled,
    /// SQS does not take what ingest sends.
    QueueRefuses,
    MetricsLate {
        minutes: u32,
    },
    /// No failure, but the other way to read when a queue's metrics end: six hours after its last use even if it has messages.
    LettersFallAsleep,
}

impl Fault {
    /// The flows that it says are affected.
    pub fn flows(self) -> Vec<&'static str> {
        match self {
            Self::TargetDown { flows }
            | Self::TargetThrottles { flows }
            | Self::TargetSlow { flows }
            | Self::CredentialsRefused { flows } => flows.to_vec(),
            Self::Poison { flow, .. }
            | Self::UnknownValue { flow, .. }
            | Self::OverridesRefused { flow }
            | Self::SourceSilent { flow }
            | Self::Surge { flow, .. }
            | Self::SourceRepeats { flow, .. }
            | Self::SignatureWrong { flow }
            | Self::TakenByOthers { flow, .. }
            | Self::PollerDead { flow }
            | Self::MappingDisabled { flow }
            | Self::SourceFades { flow }
            | Self::NewFlow { flow }
            | Self::SubscriptionGone { flow }
            | Self::SourceFails { flow }
            | Self::ScheduleGone { flow }
            | Self::SecretOld { flow }
            | Self::FunctionCrashes { flow }
            | Self::FunctionTimesOut { flow }
            | Self::Panics { flow, .. }
            | Self::FunctionThrottled { flow }
            | Self::InvokedByOthers { flow, .. }
            | Self::DeadLetters { flow, .. }
            | Self::LettersLookedAt { flow, .. }
            | Self::Redrive { flow } => vec![flow],
            Self::Holiday
            | Self::HolidayDeclared
            | Self::WatchdogDead
            | Self::ApiUnreachable
            | Self::TableThrottled
            | Self::TableFails
            | Self::TtlStalled
            | Self::IngestSlow
            | Self::IngestLoses
            | Self::Deploy
            | Self::IngestCrashes
            | Self::IngestThrottled
            | Self::QueueRefuses
            | Self::MetricsLate { .. }
            | Self::LettersFallAsleep => Vec::new(),
        }
    }
}

/// From the first of these minutes until before the second.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct During {
    pub fault: Fault,
    pub from: u32,
    pub to: u32,
}

impl During {
    /// What happens once happens in this minute.
    pub(super) fn happens(&self, minute: u32) -> bool {
        match self.fault {
            Fault::LettersLookedAt { every, .. } => {
                minute >= self.from && (minute - self.from).is_multiple_of(every)
            }
            _ => minute == self.from,
        }
    }
}
