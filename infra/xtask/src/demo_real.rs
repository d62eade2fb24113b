use std::process::ExitCode;
use std::time::Instant;

use anyhow::Result;
use local::real::journey::{Stage, crm, orders, payments, warehouse};
use local::real::karrio::RealKarrio;
use local::real::postgres::RealPostgres;
use local::real::redmine::RealRedmine;
use local::real::superset::RealSuperset;
use local::real::tryton::{RealPartners, RealTryton};
use local::scenario::Outcome;
use local::{Stack, Targets, Tools, say};

use crate::demo::{left_out, look_around, print};

/// Every flow, from what happens in a real source to what has become of it in the real target.
pub(crate) async fn run(tools: &Tools, keep: bool) -> Result<ExitCode> {
    tools.engine().await?;
    local::build(tools).await?;
    let started = Instant::now();
    let tryton = RealTryton::up(tools).await?;
    let karrio = RealKarrio::up(tools).await?;
    let redmine = RealRedmine::up(tools).await?;
    let postgres = RealPostgres::up(tools).await?;
    let superset = RealSuperset::up(tools, &postgres.url()).await?;
    let targets = Targets::default()
        .tryton(tryton.partner())
        .karrio(karrio.partner())
        .redmine(redmine.partner(), redmine.settings())
        .superset(superset.partner(), superset.groups(warehouse::FED_BY));
    let window = ("RefreshWindowSeconds", warehouse::WINDOW_SECONDS.to_string());
    let stack = Stack::up_with(tools, targets, &[window]).await?;
    left_out(&stack);

    let progress = |step: &str| say(step);
    let partners = RealPartners { tryton: &tryton, karrio: &karrio };
    let stage = Stage { tools, stack: &stack, progress: &progress };
    let shown = [
        show(&stack.run_orders_scenario(&partners, &progress).await?),
        show(&orders::play(stage, &tryton, &karrio).await?),
        show(&crm::play(stage, &tryton).await?),
        show(&payments::play(stage, &redmine).await?),
        show(&warehouse::play(stage, &postgres, &superset).await?),
    ];
    let seconds = started.elapsed().as_secs();
    for (table, _) in &shown {
        print(table);
    }
    let good = shown.iter().all(|(_, good)| *good);
    print(&format_args!(
        "\n{} From the end of the build to here: {seconds} s.",
        if good { "One effect each, as it has to be." } else { "Not as it has to be." }
    ));
    if keep {
        look_around(&stack)?;
        // Ends with Ctrl-C, which drops the stack.
        std::future::pending::<()>().await;
    }
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// A part of the table, and whether all in it is as it has to be.
fn show(outcome: &Outcome) -> (String, bool) {
    let wrong = outcome.wrong.iter().map(|wrong| format!("  WRONG  {wrong}\n"));
    (format!("\n{outcome}{}", wrong.collect::<String>()), outcome.wrong.is_empty())
}
