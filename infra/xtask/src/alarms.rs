use anyhow::Result;
use local::Tools;

use crate::demo;

pub(crate) fn write(tools: &Tools) -> Result<()> {
    let root = tools.workspace.root();
    let page = alarms::page(&alarms::Application::in_folder(root)?)?;
    std::fs::write(root.join("docs/alarms.md"), &page)?;
    demo::print(&page);
    Ok(())
}
