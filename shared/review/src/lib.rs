//! Review of dead letters: what the operator's command, its page and the watchdog share.
//!
//! - [`Review`]: all that a person can ask and do, over the flows of a deployment.
//! - [`Pass`]: one look at every letter of a queue, which hides them for no longer than it must. SQS cannot be browsed.
//! - [`Groups`]: letters by cause. [`Filter`]: which letters are meant. [`Judge`]: what the mappings say of one today.
//! - [`Plan`]: letters that were chosen and judged, frozen. [`redrive`](fn@redrive) moves them.
//! - [`discard`](fn@discard), [`Review::restore`], [`archive_expiring`]: nothing is deleted that is not in the archive.
//! - [`audit`]: a record of every action, written before it.
//!
//! The queue is the truth: whatever of a plan is still on it has not been moved. So whoever breaks off anywhere, or does it twice,
//! does no harm: a letter is sent before it is deleted, and the ledger knows the operation again as long as it remembers it.

mod action;
mod archive;
pub mod audit;
#[cfg(feature = "aws")]
pub mod aws;
mod called;
mod claim;
mod discard;
mod edit;
mod error;
mod filter;
mod fingerprint;
mod groups;
mod judge;
mod letter;
mod literals;
#[cfg(feature = "memory")]
pub mod memory;
mod moving;
mod pass;
mod plan;
mod ports;
mod redrive;
mod restore;
mod review;

pub use action::{Operator, Work, reason};
pub use archive::{Archived, Because, Expiring, archive_expiring, archived_under};
pub use discard::{Discarded, discard};
pub use edit::{Edit, EditError, EditedBody, edited};
pub use error::ReviewError;
pub use filter::{Filter, FilterError};
pub use fingerprint::Fingerprint;
pub use groups::{Group, Groups, MOST_GROUPS};
pub use judge::{Judge, Tried, Verdict, Wrong};
pub use letter::{Letter, digest};
pub use pass::{Limits, Looked, Pass, Received, Stop};
pub use plan::{Plan, PlanLetter, PlanLine, Planned};
pub use ports::{Ack, Archive, Clock, Count, LetterQueue, Put, Records, Sent, SourceQueue};
pub use redrive::{Ended, Progress, Ramp, Redrive, Why, redrive};
pub use restore::{Restore, Restored, Restoring, TooOld};
pub use review::{
    Audit, AuditEntry, Editing, FlowListing, FlowQueues, ListedGroup, Listing, MadePlan, Moving, Review,
    Selection, Shown,
};
