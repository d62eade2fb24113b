//! A real browser for the operator's page: headless Chromium out of Debian's packages, driven by Playwright out of npm's.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::command::Step;
use crate::node::Node;
use crate::progress::say;
use crate::real::once;
use crate::tools::Tools;

const PACKAGES: [&str; 3] = ["browser/packages.txt", "browser/unpack.sh", "debian.sh"];
const MODULES: [&str; 3] = ["requirements-node.txt", "browser/package.json", "browser/package-lock.json"];
/// Where Debian's libraries are; the last has one that another looks for by itself.
const LIBRARIES: [&str; 3] =
    ["usr/lib/x86_64-linux-gnu", "lib/x86_64-linux-gnu", "usr/lib/x86_64-linux-gnu/pulseaudio"];

/// What is installed, once.
pub struct Browser {
    chromium: PathBuf,
    modules: PathBuf,
    node: Node,
}

impl Browser {
    pub async fn installed(tools: &Tools) -> Result<Self> {
        let node = Node::installed(tools).await?;
        let chromium = once(tools, "chromium", &PACKAGES, async |folder| {
            say("installing Chromium");
            let unpack =
                Step::new("installing Chromium", "sh").arg(tools.workspace.local("browser/unpack.sh"));
            unpack.arg(tools.workspace.local("browser/packages.txt")).arg(folder).output().await?;
            Ok(())
        });
        let chromium = chromium.await?;
        let modules = once(tools, "playwright", &MODULES, async |folder| {
            say("installing Playwright");
            for file in ["package.json", "package-lock.json"] {
                fs::copy(tools.workspace.local("browser").join(file), folder.join(file))?;
            }
            node.install("Playwright", folder).await
        });
        let modules = modules.await?.join("node_modules");
        Ok(Self { chromium, modules, node })
    }

    /// Runs a script, which finds its packages under `MODULES` and the browser as `CHROMIUM`, with what that needs in its environment.
    pub async fn play(&self, what: &str, script: &Path, args: &[&str]) -> Result<String> {
        let root = self.chromium.join("root");
        let libraries: Vec<_> =
            LIBRARIES.iter().map(|folder| root.join(folder).display().to_string()).collect();
        Step::new(what, self.node.program())
            .arg(script)
            .args(args)
            .env("MODULES", &self.modules)
            .env("CHROMIUM", root.join("usr/lib/chromium/chromium-headless-shell"))
            .env("CHROMIUM_LIBRARIES", libraries.join(":"))
            .env("FONTCONFIG_FILE", self.chromium.join("fonts.conf"))
            .output()
            .await
    }
}
