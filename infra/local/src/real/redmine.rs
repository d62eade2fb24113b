//! A real Redmine 5.0 as operations desk, out of Debian's packages, on SQLite.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::command::Step;
use crate::http::succeeds;
use crate::process::Service;
use crate::progress::say;
use crate::real::{READY_WITHIN, Run, once};
use crate::targets::Partner;
use crate::tools::Tools;

const DATABASE: &str = "redmine-database";
/// Redmine keeps sessions under it; they live as long as a run.
const SECRET_KEY: &str = "loopback-only-loopback-only-loopback-only";

/// A running Redmine with a project, a field for our reference and an API key. Ends with this value.
pub struct RealRedmine {
    pub base_url: String,
    pub desk: Desk,
    client: reqwest::Client,
    _service: Service,
    _run: Run,
}

/// What `redmine/seed.rb` has made.
#[derive(Clone, Debug, Deserialize)]
pub struct Desk {
    pub api_key: String,
    pub project: String,
    pub tracker: u64,
    pub reference_field: u64,
    pub amount_field: u64,
    pub currency_field: u64,
    pub new_status: u64,
    pub closed_status: u64,
}

const PACKAGES: [&str; 3] = ["redmine/packages.txt", "redmine/unpack.sh", "debian.sh"];

/// Unpacks Redmine and makes its database, once.
pub async fn prepare(tools: &Tools) -> Result<PathBuf> {
    let installed = once(tools, "redmine", &PACKAGES, async |folder| {
        say("installing Redmine");
        let unpack = Step::new("installing Redmine", "sh").arg(tools.workspace.local("redmine/unpack.sh"));
        unpack.arg(tools.workspace.local("redmine/packages.txt")).arg(folder).output().await?;
        let ruby = Ruby { root: &folder.join("root"), instance: DATABASE };
        ruby.step("installing Redmine: bundle", "bundle").args(["install", "--local"]).output().await?;
        Ok(())
    });
    let root = installed.await?.join("root");
    let [list, unpack, debian] = PACKAGES;
    let files = [list, unpack, debian, "redmine/database.yml", "redmine/seed.rb"];
    once(tools, DATABASE, &files, async |prepared| {
        say("preparing Redmine's database, which takes about half a minute");
        for folder in ["config", "files", "log", "tmp"] {
            fs::create_dir(prepared.join(folder))?;
        }
        fs::copy(tools.workspace.local("redmine/database.yml"), prepared.join("config/database.yml"))?;
        fs::write(prepared.join("config/secret_key.txt"), SECRET_KEY)?;
        let ruby = Ruby { root: &root, instance: DATABASE };
        ruby.step("preparing Redmine: tables", "rake").arg("db:migrate").output().await?;
        let seed = ruby.step("preparing Redmine: desk", "rails").arg("runner");
        let made = seed.arg(tools.workspace.local("redmine/seed.rb")).output().await?;
        Ok(fs::write(prepared.join("desk.json"), made.lines().last().unwrap_or_default())?)
    })
    .await
}

impl RealRedmine {
    pub async fn up(tools: &Tools) -> Result<Self> {
        let prepared = prepare(tools).await?;
        say("starting Redmine");
        let run = Run::of(tools, "redmine", &prepared).await?;
        let desk: Desk = serde_json::from_slice(&fs::read(run.folder.join("desk.json"))?)?;
        let instance = format!("run/redmine-{}", run.port);
        let root = tools.workspace.tools("redmine/root");
        let mut command = Command::new(root.join("usr/bin/ruby3.1"));
        command
            .arg(root.join("usr/bin/puma"))
            // One thread: on SQLite parallel writers are refused.
            .args(["-e", "production", "-t", "1:1", "-w", "0", "-b"])
            .args([format!("tcp://127.0.0.1:{}", run.port).as_str(), "config.ru"])
            .current_dir(root.join("usr/share/redmine"))
            .envs(Ruby { root: &root, instance: &instance }.environment());
        let mut service = Service::start("Redmine", &command, &run.log())?;
        let (client, base_url) = (crate::http::client(), format!("http://127.0.0.1:{}", run.port));
        let probe = format!("{base_url}/users/current.json");
        service
            .ready(READY_WITHIN, async || {
                let request = client.get(&probe).header("x-redmine-api-key", &desk.api_key);
                succeeds(request).await
            })
            .await?;
        Ok(Self { base_url, desk, client, _service: service, _run: run })
    }

    pub fn partner(&self) -> Partner {
        Partner { url: self.base_url.clone(), api_key: self.desk.api_key.clone() }
    }

    /// The ids of what it has, as the function's setting has them.
    pub fn settings(&self) -> Value {
        json!({
            "project": self.desk.project,
            "tracker": self.desk.tracker,
            "new_status": self.desk.new_status,
            "closed_status": self.desk.closed_status,
            "reference_field": self.desk.reference_field,
            "amount_field": self.desk.amount_field,
            "currency_field": self.desk.currency_field,
        })
    }

    /// Cases under our reference, open or closed, oldest first.
    pub async fn issues(&self, reference: &str) -> Result<Vec<Value>> {
        let field = format!("cf_{}", self.desk.reference_field);
        let query = [(field.as_str(), reference), ("status_id", "*"), ("sort", "id"), ("limit", "100")];
        let found =
            self.call(self.client.get(format!("{}/issues.json", self.base_url)).query(&query)).await?;
        // A filter that Redmine does not know is ignored, so each is looked at.
        let issues = found["issues"].as_array().into_iter().flatten();
        Ok(issues.filter(|issue| self.reference_of(issue) == Some(reference)).cloned().collect())
    }

    /// One case, with all its notes and changes.
    pub async fn issue(&self, id: u64) -> Result<Value> {
        let url = format!("{}/issues/{id}.json?include=journals", self.base_url);
        Ok(self.call(self.client.get(url)).await?["issue"].take())
    }

    /// As somebody at the desk would; answers with the case's id.
    pub async fn open_issue(&self, reference: &str, subject: &str) -> Result<u64> {
        let issue = json!({
            "project_id": self.desk.project,
            "tracker_id": self.desk.tracker,
            "subject": subject,
            "custom_fields": [{ "id": self.desk.reference_field, "value": reference }],
        });
        let url = format!("{}/issues.json", self.base_url);
        let made = self.call(self.client.post(url).json(&json!({ "issue": issue }))).await?;
        made["issue"]["id"].as_u64().context("Redmine answered without an id")
    }

    pub async fn close_issue(&self, id: u64, notes: &str) -> Result<()> {
        let issue = json!({ "status_id": self.desk.closed_status, "notes": notes });
        let url = format!("{}/issues/{id}.json", self.base_url);
        self.call(self.client.put(url).json(&json!({ "issue": issue }))).await.map(drop)
    }

    fn reference_of<'a>(&self, issue: &'a Value) -> Option<&'a str> {
        let fields = issue["custom_fields"].as_array().into_iter().flatten();
        fields
            .filter(|field| field["id"] == self.desk.reference_field)
            .find_map(|field| field["value"].as_str())
    }

    async fn call(&self, request: reqwest::RequestBuilder) -> Result<Value> {
        let answer = request.header("x-redmine-api-key", &self.desk.api_key).send().await?;
        let text = answer.error_for_status()?.text().await?;
        Ok(if text.is_empty() { Value::Null } else { serde_json::from_str(&text)? })
    }
}

/// Debian's Ruby where it was unpacked to, and the instance of Redmine that it is to serve.
struct Ruby<'a> {
    root: &'a Path,
    instance: &'a str,
}

impl Ruby<'_> {
    /// A program of Ruby's, in Redmine's folder.
    fn step(&self, what: &str, program: &str) -> Step {
        Step::new(what, self.root.join("usr/bin/ruby3.1"))
            .arg(self.root.join("usr/bin").join(program))
            .dir(&self.root.join("usr/share/redmine"))
            .envs(self.environment())
    }

    fn environment(&self) -> Vec<(&'static str, String)> {
        let under = |folders: &[&str]| -> String {
            folders
                .iter()
                .map(|folder| self.root.join(folder).display().to_string())
                .collect::<Vec<_>>()
                .join(":")
        };
        let gems = under(&[
            "usr/share/rubygems-integration/all",
            "usr/share/rubygems-integration/3.1.0",
            "usr/lib/x86_64-linux-gnu/rubygems-integration/3.1.0",
            "usr/lib/ruby/gems/3.1.0",
        ]);
        let libraries = under(&[
            "usr/lib/ruby/vendor_ruby",
            "usr/lib/x86_64-linux-gnu/ruby/vendor_ruby/3.1.0",
            "usr/lib/ruby/3.1.0",
            "usr/lib/x86_64-linux-gnu/ruby/3.1.0",
        ]);
        vec![
            ("LD_LIBRARY_PATH", under(&["usr/lib/x86_64-linux-gnu", "lib/x86_64-linux-gnu"])),
            ("RUBYLIB", libraries),
            ("GEM_PATH", gems),
            ("GEM_HOME", under(&["usr/share/rubygems-integration/all"])),
            // Ruby comes with a newer one that knows nothing of Debian's gems.
            ("BUNDLER_VERSION", "2.3.15".to_owned()),
            ("RUBYOPT", "-W0".to_owned()),
            ("RAILS_ENV", "production".to_owned()),
            // Where migrations would write what they have made.
            ("SCHEMA", "/dev/null".to_owned()),
            ("HOME", self.root.display().to_string()),
            ("LANG", "C.UTF-8".to_owned()),
            ("REDMINE_INSTANCE", self.instance.to_owned()),
        ]
    }
}
