//! What is left of checkov's findings, and what is wrong with leaving it. The report is what checkov printed of three resources.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

use local::checkov::{Finding, Suppressions, findings};

const REPORT: &str = include_str!("checkov/report.json");
const REASON: &str = "Encrypted by SQS itself, which the check does not know.";

fn found() -> Vec<Finding> {
    findings(REPORT).unwrap()
}

fn problems(suppressed: &[(&str, &str, &str)]) -> Vec<String> {
    let entry = |(check, on, reason): &(&str, &str, &str)| {
        format!("[[suppressed]]\ncheck = \"{check}\"\non = \"{on}\"\nreason = \"{reason}\"\n")
    };
    let text: String = suppressed.iter().map(entry).collect();
    Suppressions::read(&text).unwrap().judge(&found())
}

const TABLE: (&str, &str, &str) = ("CKV_AWS_119", "AWS::DynamoDB::Table", REASON);

#[test]
fn a_finding_is_left_by_its_type_or_by_its_name() {
    assert_eq!(found().len(), 3);
    assert_eq!(problems(&[TABLE, ("CKV_AWS_27", "AWS::SQS::Queue", REASON)]), Vec::<String>::new());
    let one = problems(&[TABLE, ("CKV_AWS_27", "AWS::SQS::Queue.Queue", REASON)]);
    assert_eq!(one.len(), 1, "{one:?}");
    assert!(
        one.iter().all(|problem| problem.starts_with("CKV_AWS_27 AWS::SQS::Queue.DeadLetterQueue")),
        "{one:?}"
    );
}

#[test]
fn what_suppresses_nothing_has_no_reason_or_stands_there_twice_is_a_problem_itself() {
    let queues = ("CKV_AWS_27", "AWS::SQS::Queue", REASON);
    for (entry, problem) in [
        (("CKV_AWS_999", "AWS::SQS::Queue", REASON), "CKV_AWS_999 on AWS::SQS::Queue suppresses nothing"),
        (("CKV_AWS_27", "AWS::SNS::Topic", REASON), "CKV_AWS_27 on AWS::SNS::Topic suppresses nothing"),
        (
            ("CKV_AWS_27", "AWS::SQS::Queue.Queue", "not needed"),
            "CKV_AWS_27 on AWS::SQS::Queue.Queue has no reason",
        ),
        (queues, "CKV_AWS_27 on AWS::SQS::Queue stands there twice"),
    ] {
        let found = problems(&[TABLE, queues, entry]);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found.iter().all(|found| found.contains(problem)), "{found:?}");
    }
}

#[test]
fn a_suppression_without_a_reason_is_not_read() {
    assert!(
        Suppressions::read("[[suppressed]]\ncheck = \"CKV_AWS_27\"\non = \"AWS::SQS::Queue\"\n").is_err()
    );
}

#[test]
fn a_report_of_nothing_and_of_what_could_not_be_read_is_no_report() {
    assert!(findings("").is_err());
    assert!(findings(&REPORT.replace("\"parsing_errors\": 0", "\"parsing_errors\": 1")).is_err());
    assert!(
        findings(r#"{"results": {"failed_checks": []}, "summary": {"passed": 0, "parsing_errors": 0}}"#)
            .is_err()
    );
}
