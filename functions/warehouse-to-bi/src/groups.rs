use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};
use settings::Problem;
use transform::canonical::{DatasetRefresh, Refresh};

const LONGEST_NAME: usize = 64;

/// Which datasets the jobs of the warehouse feed. A dataset and a job stand in one group each: so the ledger's claim on a group keeps
/// any dataset from being refreshed twice at a time.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DatasetGroups {
    groups: Vec<Group>,
    /// Place of the group that a job feeds.
    by_job: BTreeMap<String, usize>,
}

/// Datasets that are refreshed together.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Group {
    pub refresh: Refresh,
}

impl DatasetGroups {
    /// `{"sales": {"jobs": ["dbt-cloud/1/123"], "datasets": [{"id": 7, "charts": [12, 13]}]}}`.
    pub fn parse(text: &str) -> Result<Self, Vec<Problem>> {
        let entries: Map<String, Value> = serde_json::from_str(text).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            vec![Problem::whole(format!("not a JSON object (line {line}, column {column})"))]
        })?;
        if entries.is_empty() {
            return Err(vec![Problem::whole("at least one group")]);
        }
        let mut reader = Reader::default();
        for (name, entry) in entries {
            reader.read(name, entry);
        }
        if !reader.problems.is_empty() {
            return Err(reader.problems);
        }
        Ok(Self { groups: reader.groups, by_job: reader.by_job })
    }

    /// The group that a job feeds, by [`transform::canonical::LoadFinished::reference`].
    pub fn fed_by(&self, job: &str) -> Option<&Group> {
        self.groups.get(*self.by_job.get(job)?)
    }

    pub fn named(&self, name: &str) -> Option<&Group> {
        self.groups.iter().find(|group| group.refresh.group == name)
    }

    /// What the largest group takes: a call a dataset and a chart.
    pub fn most_calls(&self) -> u32 {
        let calls =
            |group: &Group| group.refresh.datasets.iter().map(|dataset| 1 + dataset.charts.len()).sum();
        let most: usize = self.groups.iter().map(calls).max().unwrap_or(1);
        u32::try_from(most).unwrap_or(u32::MAX)
    }
}

/// Reads group by group and remembers all that is wrong.
#[derive(Default)]
struct Reader {
    groups: Vec<Group>,
    by_job: BTreeMap<String, usize>,
    datasets: BTreeSet<String>,
    problems: Vec<Problem>,
}

impl Reader {
    fn problem(&mut self, path: String, problem: &str) {
        self.problems.push(Problem { path, problem: problem.to_owned() });
    }

    fn read(&mut self, name: String, entry: Value) {
        let path = format!(".{name}");
        let letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if !(1..=LONGEST_NAME).contains(&name.len()) || !name.bytes().all(letter) {
            self.problem(path.clone(), "the name must be 1 to 64 of a-z, 0-9 and -");
        }
        let Value::Object(mut entry) = entry else {
            return self.problem(path, "must be an object");
        };
        self.jobs(&path, entry.remove("jobs"));
        let datasets = self.datasets(&path, entry.remove("datasets"));
        for field in entry.keys() {
            self.problem(path.clone(), &format!("unknown field {field}"));
        }
        self.groups.push(Group { refresh: Refresh { group: name, datasets } });
    }

    fn jobs(&mut self, path: &str, jobs: Option<Value>) {
        let path = format!("{path}.jobs");
        let Some(Value::Array(jobs)) = jobs.filter(|jobs| jobs.as_array().is_some_and(|it| !it.is_empty()))
        else {
            return self.problem(path, "must be an array of at least one job");
        };
        for (place, job) in jobs.into_iter().enumerate() {
            let path = format!("{path}[{place}]");
            match job {
                Value::String(job) if job.split('/').filter(|part| !part.is_empty()).count() >= 3 => {
                    if self.by_job.insert(job, self.groups.len()).is_some() {
                        self.problem(path, "the job stands here or in another group already");
                    }
                }
                _ => self.problem(path, "must be <source>/<account>/<job>, such as dbt-cloud/1/123"),
            }
        }
    }

    fn datasets(&mut self, path: &str, datasets: Option<Value>) -> Vec<DatasetRefresh> {
        let path = format!("{path}.datasets");
        let full = datasets.filter(|datasets| datasets.as_array().is_some_and(|it| !it.is_empty()));
        let Some(Value::Array(datasets)) = full else {
            self.problem(path, "must be an array of at least one dataset");
            return Vec::new();
        };
        let numbered = datasets.into_iter().enumerate();
        numbered.filter_map(|(place, dataset)| self.dataset(format!("{path}[{place}]"), dataset)).collect()
    }

    fn dataset(&mut self, path: String, dataset: Value) -> Option<DatasetRefresh> {
        let Value::Object(mut dataset) = dataset else {
            self.problem(path, "must be an object");
            return None;
        };
        let id = dataset.remove("id").as_ref().and_then(id);
        match &id {
            None => self.problem(format!("{path}.id"), "must be a whole number above 0, or a text"),
            Some(id) if !self.datasets.insert(id.clone()) => {
                self.problem(format!("{path}.id"), "the dataset stands here or in another group already");
            }
            Some(_) => {}
        }
        let charts = match dataset.remove("charts") {
            None => Some(Vec::new()),
            Some(Value::Array(charts)) => charts.iter().map(self::id).collect(),
            Some(_) => None,
        };
        if charts.is_none() {
            self.problem(format!("{path}.charts"), "must be an array of whole numbers above 0, or texts");
        }
        for field in dataset.keys() {
            self.problem(path.clone(), &format!("unknown field {field}"));
        }
        Some(DatasetRefresh { id: id?, charts: charts? })
    }
}

/// BI tools count, or have ids that are texts.
fn id(value: &Value) -> Option<String> {
    match value {
        Value::Number(number) => {
            number.as_u64().filter(|number| *number > 0).map(|number| number.to_string())
        }
        Value::String(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(text: &str) -> Vec<String> {
        let problems = DatasetGroups::parse(text).unwrap_err();
        problems.into_iter().map(|Problem { path, problem }| format!("{path}: {problem}")).collect()
    }

    #[test]
    fn a_job_is_known_by_the_group_that_it_feeds() {
        let groups = DatasetGroups::parse(
            r#"{"sales": {"jobs": ["dbt-cloud/1/123", "standard-webhooks/warehouse/a/b"],
                "datasets": [{"id": 7, "charts": [12, "13"]}, {"id": "8"}]},
                "stock": {"jobs": ["dbt-cloud/1/124"], "datasets": [{"id": 9, "charts": []}]}}"#,
        )
        .unwrap();
        let sales = groups.fed_by("dbt-cloud/1/123").unwrap();
        assert_eq!(groups.fed_by("standard-webhooks/warehouse/a/b"), Some(sales));
        assert_eq!(groups.named("sales"), Some(sales));
        assert_eq!(groups.fed_by("dbt-cloud/1/125"), None);
        let dataset = |id: &str, charts: &[&str]| DatasetRefresh {
            id: id.to_owned(),
            charts: charts.iter().map(|chart| (*chart).to_owned()).collect(),
        };
        assert_eq!(sales.refresh.datasets, [dataset("7", &["12", "13"]), dataset("8", &[])]);
        assert_eq!(groups.most_calls(), 4);
    }

    #[test]
    fn all_that_is_wrong_is_told_at_once() {
        let text = r#"{
            "Sales": {"jobs": [], "datasets": [{"id": 0, "charts": [1]}], "colour": 1},
            "stock": {"jobs": ["123", 4, "dbt-cloud/1/1"], "datasets": [{"id": 9, "charts": [true], "x": 1}, 3]},
            "twice": {"jobs": ["dbt-cloud/1/1"], "datasets": [{"id": "9"}]},
            "empty": {},
            "list": []
        }"#;
        assert_eq!(
            problems(text),
            [
                ".Sales: the name must be 1 to 64 of a-z, 0-9 and -",
                ".Sales.jobs: must be an array of at least one job",
                ".Sales.datasets[0].id: must be a whole number above 0, or a text",
                ".Sales: unknown field colour",
                ".empty.jobs: must be an array of at least one job",
                ".empty.datasets: must be an array of at least one dataset",
                ".list: must be an object",
                ".stock.jobs[0]: must be <source>/<account>/<job>, such as dbt-cloud/1/123",
                ".stock.jobs[1]: must be <source>/<account>/<job>, such as dbt-cloud/1/123",
                ".stock.datasets[0].charts: must be an array of whole numbers above 0, or texts",
                ".stock.datasets[0]: unknown field x",
                ".stock.datasets[1]: must be an object",
                ".twice.jobs[0]: the job stands here or in another group already",
                ".twice.datasets[0].id: the dataset stands here or in another group already",
            ]
        );
    }

    #[test]
    fn what_is_no_object_or_empty_is_told() {
        assert_eq!(problems("[]"), [": not a JSON object (line 1, column 0)"]);
        assert_eq!(problems("{}"), [": at least one group"]);
    }
}
