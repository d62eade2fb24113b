use std::time::Duration;

use message::Code;
use outbound::CallError;
use serde_json::{Value, json};

use crate::errors::{Refused, meaning};
use crate::party_changes::{changes, new_party};
use crate::party_wire::{PartyDocument, PartyRecord};
use crate::upserter::{Session, refused};

const PARTY: &str = "party.party";
/// Of a party that was merged into one that was merged …: more steps than this go in circles.
const MOST_MERGES: usize = 8;
/// How long what waits for its account is left alone at least.
const ACCOUNT_WAIT: Duration = Duration::from_secs(60);
const ACCOUNT: &str = "$.account";

/// How the party under a code stands.
pub(crate) enum Standing {
    Absent,
    /// It says what we write.
    Ours(PartyRecord),
    /// People have merged it into this one, which says what they want.
    Merged(PartyRecord),
    /// People have taken it out.
    Closed,
}

impl Session<'_> {
    /// The party, if it says what the document says.
    pub(crate) async fn find_party(&self, document: &PartyDocument) -> Result<Option<i64>, CallError> {
        Ok(match self.standing(&document.code, &other_fields(document)).await? {
            Standing::Ours(party) if changes(&party, document).is_empty() => Some(party.id),
            Standing::Merged(party) => Some(party.id),
            Standing::Ours(_) | Standing::Absent | Standing::Closed => None,
        })
    }

    /// `addressed`: it buys, and is billed somewhere. As Tryton's own screen does, it begins with an address that people fill in:
    /// CRMs send none.
    pub(crate) async fn upsert_party(
        &self,
        document: &PartyDocument,
        addressed: bool,
    ) -> Result<i64, CallError> {
        let fields = other_fields(document);
        let mut standing = self.standing(&document.code, &fields).await?;
        if matches!(standing, Standing::Absent) {
            let addresses = if addressed { json!([["create", [{}]]]) } else { json!([]) };
            let party = new_party(document, addresses);
            let created = self.client.create(PARTY, &party, PartyRecord::FIELDS, self.budget).await;
            standing = match created {
                // Somebody else was faster: then it is there.
                Err(CallError::Refused(refusal)) if matches!(meaning(&refusal), Refused::NotUnique) => {
                    self.standing(&document.code, &fields).await?
                }
                created => return self.written(created).map(|party: PartyRecord| party.id),
            };
        }
        match standing {
            Standing::Ours(party) => {
                let changes = changes(&party, document);
                if !changes.is_empty() {
                    let changed =
                        self.client.update(PARTY, party.id, &changes, PartyRecord::FIELDS, self.budget);
                    self.written::<PartyRecord>(changed.await)?;
                }
                Ok(party.id)
            }
            Standing::Merged(party) => Ok(party.id),
            Standing::Closed => Err(refused(Code::RecordClosed, "$", "the party was deactivated in Tryton")),
            Standing::Absent => Err(CallError::NotNow { code: Code::TargetFailed, after: None }),
        }
    }

    /// The account's party, of what belongs to an account.
    pub(crate) async fn account(&self, code: &str) -> Result<PartyRecord, CallError> {
        match self.standing(code, &[]).await? {
            Standing::Ours(party) | Standing::Merged(party) => Ok(party),
            Standing::Absent => Err(CallError::Awaiting {
                code: Code::RelatedRecordMissing,
                path: ACCOUNT,
                after: ACCOUNT_WAIT,
            }),
            Standing::Closed => {
                Err(refused(Code::RecordClosed, ACCOUNT, "the account's party was deactivated in Tryton"))
            }
        }
    }

    async fn standing(&self, code: &str, more: &[&str]) -> Result<Standing, CallError> {
        let Some(mut party) = self.party(json!(["code", "=", code]), more).await? else {
            return Ok(Standing::Absent);
        };
        if party.active {
            return Ok(Standing::Ours(party));
        }
        for _ in 0..MOST_MERGES {
            let Some(id) = party.replaced_by else { return Ok(Standing::Closed) };
            let Some(next) = self.party(json!(["id", "=", id]), &[]).await? else {
                return Ok(Standing::Closed);
            };
            if next.active {
                return Ok(Standing::Merged(next));
            }
            party = next;
        }
        Ok(Standing::Closed)
    }

    /// Whether it is active or not: a search that does not say so passes over what is not.
    async fn party(&self, clause: Value, more: &[&str]) -> Result<Option<PartyRecord>, CallError> {
        let domain = json!([clause, ["active", "in", [true, false]]]);
        let fields = [PartyRecord::FIELDS, more].concat();
        let found: Vec<PartyRecord> = self.client.search(PARTY, &domain, &fields, self.budget).await?;
        Ok(found.into_iter().next())
    }
}

fn other_fields(document: &PartyDocument) -> Vec<&str> {
    document.other.expose().keys().map(String::as_str).collect()
}
