#![expect(clippy::print_stdout, reason = "what was made is the command's result")]

use anyhow::Result;
use clap::Args;
use local::Tools;
use new_integration::{Integration, Wish, plan};

#[derive(Args)]
pub(crate) struct NewIntegration {
    /// `<source>-to-<target>`: tickets-to-crm.
    name: String,
    /// The source's name in `SOURCES`; what stands before -to- where it is not said.
    #[arg(long)]
    source: Option<String>,
    /// The system that is called; what stands behind -to- where it is not said. `tryton` has a connector whose capability is used.
    #[arg(long)]
    target: Option<String>,
    /// What is carried; the singular of what stands before -to- where it is not said.
    #[arg(long)]
    entity: Option<String>,
    /// The event's type as the source names it; <entity>.created where it is not said.
    #[arg(long)]
    event: Option<String>,
    /// List what would be written, and write nothing.
    #[arg(long)]
    dry_run: bool,
}

pub(crate) fn run(tools: &Tools, wish: NewIntegration) -> Result<()> {
    let NewIntegration { name, source, target, entity, event, dry_run } = wish;
    let integration = Integration::named(&Wish { name, source, target, entity, event })?;
    let plan = plan(tools.workspace.root(), &integration)?;
    if !dry_run {
        plan.write()?;
    }
    println!("{}", plan.listing().join("\n"));
    if dry_run {
        println!("\nNothing was written.");
    } else {
        println!(
            "\nWhat is to be filled in: grep -rn 'TO FILL' functions shared tests. Next: docs/adding-an-integration.md"
        );
    }
    Ok(())
}
