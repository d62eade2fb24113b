//! Which sources can be asked, and what by. A flow of another source needs nothing here.

use std::sync::Arc;

use connector_stripe::{Accounts, StripeEventSource};
use connector_vendure::VendureEventSource;
use outbound::Credential;
use serde_json::Value;
use transform::reconcile::{Orders, Payments, StripeObject};

use crate::aws::target;
use crate::reconcile::Asked;
use crate::watch::Watch;
use crate::world::Failure;

/// What Vendure's plugin posts.
const ORDER_PLACED: &str = "order.placed";

pub(crate) fn asked(
    watch: &Watch,
    credential: impl Fn(&str) -> Arc<dyn Credential>,
) -> Result<Option<Asked>, Failure> {
    let Some(source) = &watch.source else { return Ok(None) };
    let refused = |problem: String| Failure(format!("source {}: {problem}", source.name));
    let credential = credential(&source.secret_arn);
    let target = |name| target(name, &source.url).map_err(|error| refused(error.to_string()));
    let asked = match source.system.as_str() {
        "stripe" => {
            let accounts = Value::Object(source.accounts.clone()).to_string();
            let accounts = Accounts::parse(&accounts).map_err(|problems| {
                let problems: Vec<_> =
                    problems.iter().map(|it| format!("accounts{}: {}", it.path, it.problem)).collect();
                refused(problems.join("; "))
            })?;
            let types: Vec<_> = StripeObject::events().collect();
            let source =
                StripeEventSource::new(target("stripe")?, credential, &source.name, types.iter().copied());
            let known = Payments::built_in(move |event| accounts.name(event));
            let known = known.map_err(|error| refused(error.to_string()))?;
            Asked { source: Box::new(source), known: Box::new(known), types }
        }
        "vendure" => {
            let source = VendureEventSource::new(target("vendure")?, credential, &source.name);
            let known = Orders::built_in().map_err(|error| refused(error.to_string()))?;
            Asked { source: Box::new(source), known: Box::new(known), types: vec![ORDER_PLACED] }
        }
        other => return Err(refused(format!("{other} cannot be asked; stripe and vendure can"))),
    };
    if asked.known.flow() != watch.flow {
        return Err(refused(format!("its events are those of {}", asked.known.flow())));
    }
    Ok(Some(asked))
}
