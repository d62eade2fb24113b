use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use message::Code;
use outbound::{Budget, CallError, CaseDesk, Credential, HttpTarget, Told};
use transform::Translator;
use transform::canonical::{Bearing, PaymentEvent};

use crate::case::{Case, Wanted, duplicate_mark, is_marked_as_duplicate, mark};
use crate::client::Client;
use crate::errors::{Meaning, after_a_write, meaning, misconfigured};
use crate::settings::DeskSettings;
use crate::wire::{FieldValue, Issue, Mapped, NewIssue, Update};

/// Looks at the desk, each with a write behind it: more than these mean that others write as fast as we do.
const MOST_LOOKS: usize = 8;

/// Keeps a payment's case as an issue.
pub struct RedmineCaseDesk {
    client: Client,
    /// Of the mapping `redmine-issue`.
    translator: Arc<Translator>,
    settings: DeskSettings,
    /// Whether what the settings name was there.
    checked: AtomicBool,
}

/// An event on its way to the desk.
struct Telling<'a> {
    desk: &'a RedmineCaseDesk,
    event: &'a PaymentEvent,
    mapped: Mapped,
    text: String,
    budget: &'a Budget,
    wrote: AtomicBool,
}

/// A change that was accepted, and how often the status had changed before it.
#[derive(Clone, Copy)]
struct Accepted {
    status: Wanted,
    status_changes: usize,
}

impl RedmineCaseDesk {
    /// `translator` is the mapping `redmine-issue`'s, whose settings are these.
    pub fn new(
        target: HttpTarget,
        credential: Arc<dyn Credential>,
        settings: DeskSettings,
        translator: Arc<Translator>,
    ) -> Self {
        let client = Client::new(target, credential);
        Self { client, translator, settings, checked: AtomicBool::new(false) }
    }

    fn telling<'a>(&'a self, event: &'a PaymentEvent, budget: &'a Budget) -> Result<Telling<'a>, CallError> {
        let mapped: Mapped = self.translator.encode(event)?;
        let text = format!("{}\n\n{}", mapped.lines.text(), mark(event));
        Ok(Telling { desk: self, event, mapped, text, budget, wrote: AtomicBool::new(false) })
    }

    /// Redmine passes over what it does not have without a word: what can be asked for beforehand is.
    async fn check(&self, budget: &Budget) -> Result<(), CallError> {
        if self.checked.load(Ordering::Relaxed) {
            return Ok(());
        }
        let Some(project) = self.client.project(&self.settings.project, budget).await? else {
            return Err(misconfigured("project", "there is no such project, or not for us to see"));
        };
        if !project.trackers.iter().any(|tracker| tracker.id == self.settings.tracker) {
            return Err(misconfigured("tracker", "the project has no such tracker"));
        }
        let statuses = self.client.statuses(budget).await?;
        let is = |id, closed| statuses.iter().any(|status| status.id == id && status.is_closed == closed);
        if !is(self.settings.new_status, false) {
            return Err(misconfigured("new_status", "there is no such status, or it is a closed one"));
        }
        if !is(self.settings.closed_status, true) {
            return Err(misconfigured("closed_status", "there is no such status, or it is an open one"));
        }
        self.checked.store(true, Ordering::Relaxed);
        Ok(())
    }
}

#[async_trait]
impl CaseDesk for RedmineCaseDesk {
    fn mapping(&self) -> &'static str {
        self.translator.stamp()
    }

    async fn find(&self, event: &PaymentEvent, budget: &Budget) -> Result<Option<Told>, CallError> {
        let telling = self.telling(event, budget)?;
        let cases = telling.look().await?;
        let Some((first, others)) = cases.split_first() else {
            return Ok((event.kind.bearing() != Bearing::Opens).then_some(Told::NoCase));
        };
        let Some(issue) = self.client.issue(first.id, budget).await? else { return Ok(None) };
        let done = Case::of(&issue).change(event).is_none() && others.iter().all(|it| it.status.is_closed);
        Ok(done.then(|| Told::Case(issue.id.to_string())))
    }

    async fn tell(&self, event: &PaymentEvent, budget: &Budget) -> Result<Told, CallError> {
        let telling = self.telling(event, budget)?;
        let told = telling.tell().await;
        told.map_err(|error| if telling.wrote.into_inner() { after_a_write(error) } else { error })
    }
}

impl Telling<'_> {
    /// Look, write, look again: until there is nothing left to write. Each look is at what everybody has written by then.
    async fn tell(&self) -> Result<Told, CallError> {
        let (mut refused, mut accepted) = (None, None);
        for _ in 0..MOST_LOOKS {
            let cases = self.look().await?;
            let Some((first, others)) = cases.split_first() else {
                if let Some(refused) = refused {
                    return Err(refused);
                }
                if self.event.kind.bearing() != Bearing::Opens {
                    return Ok(Told::NoCase);
                }
                self.desk.check(self.budget).await?;
                refused = self.create().await?;
                continue;
            };
            for other in others.iter().filter(|other| !other.status.is_closed) {
                self.close_as_duplicate(other.id, first.id).await?;
            }
            // Deleted since the list was made: the next look does not find it.
            let Some(issue) = self.desk.client.issue(first.id, self.budget).await? else { continue };
            let case = Case::of(&issue);
            heeded(&case, accepted)?;
            let Some(change) = case.change(self.event) else { return Ok(Told::Case(issue.id.to_string())) };
            self.desk.check(self.budget).await?;
            let status_id = change.status.map(|status| match status {
                Wanted::Open => self.desk.settings.new_status,
                Wanted::Closed => self.desk.settings.closed_status,
            });
            let notes = change.note.then_some(self.text.as_str());
            self.update(issue.id, Update { notes, status_id }).await?;
            let status_changes = case.status_changes();
            accepted = change.status.map(|status| Accepted { status, status_changes });
        }
        Err(CallError::NotNow { code: Code::TargetFailed, after: None })
    }

    /// Cases of the payment, the oldest first: that one counts for everybody.
    async fn look(&self) -> Result<Vec<Issue>, CallError> {
        let cases = self.desk.client.under(self.reference()?, self.budget).await?;
        cases.iter().try_for_each(|case| self.has_its_fields(case))?;
        Ok(cases)
    }

    /// `Some` where Redmine says no: it may be that somebody else has just made the case, where the reference is unique.
    async fn create(&self) -> Result<Option<CallError>, CallError> {
        let issue = NewIssue { mapped: &self.mapped.issue, description: &self.text };
        let made = match self.desk.client.create(issue, self.budget).await {
            Ok(made) => made,
            Err(CallError::Refused(refusal)) => return Ok(Some(CallError::Refused(refusal))),
            Err(error) => return Err(error),
        };
        self.wrote.store(true, Ordering::Relaxed);
        self.has_its_fields(&made)?;
        let reference = self.reference()?;
        let kept = made.field(reference.id).and_then(|field| field.value.as_ref());
        if kept.and_then(|value| value.as_str()) != Some(reference.value.as_str()) {
            return Err(misconfigured("reference_field", "Redmine has not kept our reference"));
        }
        if made.tracker.id != self.desk.settings.tracker {
            return Err(misconfigured("tracker", "Redmine has made the case in another tracker"));
        }
        if made.status.id != self.desk.settings.new_status {
            return Err(misconfigured("new_status", "the workflow does not let us begin with it"));
        }
        Ok(None)
    }

    /// Whatever else is wrong with the issue, the next look shows it.
    async fn update(&self, id: u64, update: Update<'_>) -> Result<(), CallError> {
        match self.desk.client.update(id, update, self.budget).await {
            Ok(()) => self.wrote.store(true, Ordering::Relaxed),
            Err(CallError::Refused(refusal)) if meaning(&refusal) != Meaning::Other => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// Two workers each made a case, where the reference is not unique at the desk. What one of them said stands in its own case's
    /// description; the other case is told of it like of any event. One that a person has opened again is left alone.
    async fn close_as_duplicate(&self, id: u64, first: u64) -> Result<(), CallError> {
        let Some(issue) = self.desk.client.issue(id, self.budget).await? else { return Ok(()) };
        if issue.status.is_closed || is_marked_as_duplicate(&issue) {
            return Ok(());
        }
        let notes = format!("#{first} is the case of this payment.\n\n{}", duplicate_mark(first));
        let status_id = Some(self.desk.settings.closed_status);
        self.update(id, Update { notes: Some(&notes), status_id }).await
    }

    fn reference(&self) -> Result<&FieldValue, CallError> {
        let missing = || misconfigured("reference_field", "the mapping makes no reference");
        self.mapped.issue.reference().ok_or_else(missing)
    }

    /// A field that the tracker does not have is passed over when it is written: then it is not among those that are read.
    fn has_its_fields(&self, issue: &Issue) -> Result<(), CallError> {
        let fields = &self.mapped.issue.custom_fields;
        if fields.iter().all(|field| issue.field(field.id).is_some()) {
            return Ok(());
        }
        Err(misconfigured("reference_field, amount_field, currency_field", "the case has no such field"))
    }
}

/// A status that the workflow does not allow is passed over when it is written. Where somebody has changed it since, nobody can
/// tell.
fn heeded(case: &Case, accepted: Option<Accepted>) -> Result<(), CallError> {
    match accepted {
        Some(it) if !case.is(it.status) && case.status_changes() == it.status_changes => {
            let setting = if it.status == Wanted::Open { "new_status" } else { "closed_status" };
            Err(misconfigured(setting, "the workflow does not let us set it"))
        }
        _ => Ok(()),
    }
}
