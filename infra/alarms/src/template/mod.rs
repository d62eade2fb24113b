//! template.yaml and the templates that it nests, expanded as CloudFormation would: every use of a nested one with its parameters, every
//! property resolved. What stands only after a deployment (a table's generated name) gets a name of its own made of stack and logical id.

mod intrinsics;

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Map, Value, json};

use crate::{Refused, yaml};
use intrinsics::Stack;
pub(crate) use intrinsics::text;

/// A Wednesday twelve days before a simulation begins.
pub(crate) const HOLIDAY: &str = "2026-10-28";

/// Values by name; what is not said has the template's default, or `<name>` where there is none.
pub type Parameters = BTreeMap<String, Value>;

/// Of production, with every alarm that there can be: both sources that can be asked are, concurrency is reserved, the ledger is old enough.
/// The holiday is one of the weeks that are learned from.
pub fn production() -> Parameters {
    [
        ("Stage", "prod"),
        ("ReserveConcurrency", "true"),
        ("LedgerTtlExpected", "true"),
        ("StripeUrl", "https://api.stripe.com"),
        ("VendureUrl", "https://shop.example"),
        ("Holidays", HOLIDAY),
    ]
    .map(|(name, value)| (name.to_owned(), json!(value)))
    .into()
}

/// One resource of one use of a template.
#[derive(Clone, PartialEq, Debug)]
pub struct Resource {
    /// Of the flow whose use of a nested template it is in; empty for the application's own.
    pub flow: String,
    pub id: String,
    /// `AWS::SQS::Queue`
    pub kind: String,
    /// What `Ref` of it gives.
    pub reference: String,
    pub properties: Value,
    /// What stands beside them: `DeletionPolicy`, say. Not resolved.
    pub attributes: Map<String, Value>,
}

#[derive(Clone, Debug)]
pub struct Application {
    pub resources: Vec<Resource>,
}

impl Application {
    /// As it is deployed in production.
    pub fn in_folder(root: &Path) -> Result<Self, Refused> {
        let read = |file: &str| std::fs::read_to_string(root.join(file));
        Self::expand("template.yaml", &read, "spillway-prod", production())
    }

    pub fn expand(
        file: &str,
        read: &dyn Fn(&str) -> std::io::Result<String>,
        stack: &str,
        parameters: Parameters,
    ) -> Result<Self, Refused> {
        let stack = Stack::new(file, read, stack, parameters)?;
        let mut resources = Vec::new();
        collect(&stack, "", &mut resources)?;
        Ok(Self { resources })
    }

    pub fn of_kind<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Resource> {
        self.resources.iter().filter(move |resource| resource.kind == kind)
    }
}

fn collect(stack: &Stack<'_>, flow: &str, into: &mut Vec<Resource>) -> Result<(), Refused> {
    for (id, resource) in members(stack.template(), "Resources") {
        if !stack.exists(resource)? {
            continue;
        }
        let kind = resource.get("Type").and_then(Value::as_str).unwrap_or_default().to_owned();
        if is_nested(&kind) {
            let child = stack.child(id)?;
            let named = child.parameter("FlowName").and_then(Value::as_str).unwrap_or(flow);
            collect(&child, named, into)?;
        }
        let properties = resource.get("Properties").cloned().unwrap_or_else(|| json!({}));
        let properties = stack.resolve(&properties).map_err(|refused| refused.within(id))?;
        let reference = stack.reference(id)?;
        let mut attributes = resource.as_object().cloned().unwrap_or_default();
        attributes.remove("Properties");
        into.push(Resource {
            flow: flow.to_owned(),
            id: id.clone(),
            kind,
            reference,
            properties: properties.unwrap_or(Value::Null),
            attributes,
        });
    }
    Ok(())
}

fn is_nested(kind: &str) -> bool {
    matches!(kind, "AWS::Serverless::Application" | "AWS::CloudFormation::Stack")
}

fn members<'a>(template: &'a Value, section: &str) -> impl Iterator<Item = (&'a String, &'a Value)> {
    template.get(section).and_then(Value::as_object).into_iter().flat_map(Map::iter)
}

fn parse(file: &str, read: &dyn Fn(&str) -> std::io::Result<String>) -> Result<Value, Refused> {
    let text = read(file).map_err(|error| Refused::new(file, error.to_string()))?;
    yaml::read(&text).map_err(|refused| refused.within(file))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NESTED: &str = "
Parameters:
  FlowName: {Type: String}
  Seconds: {Type: Number, Default: 180}
  Rules: {Type: CommaDelimitedList, Default: ''}
Conditions:
  HasRules: !Not [!Equals [!Join ['', !Ref Rules], '']]
Mappings:
  Limits: {prod: {most: 7}}
Resources:
  Queue:
    Type: AWS::SQS::Queue
    Properties:
      QueueName: !Sub '${AWS::StackName}-${FlowName}'
      Wait: !Ref Seconds
      Most: !FindInMap [Limits, prod, most]
      Policy: [a, !If [HasRules, b, !Ref AWS::NoValue], c]
  Dead:
    Type: AWS::SQS::Queue
    Condition: HasRules
    Properties: {QueueName: never}
  Alarm:
    Type: AWS::CloudWatch::Alarm
    Properties:
      Name: !GetAtt Queue.QueueName
      Text: !Sub ['${!kept} ${Mine} ${Queue.Arn}', {Mine: !Select [1, [x, y]]}]
Outputs:
  Url: {Value: !Ref Queue}
";
    const OUTER: &str = "
Parameters:
  Stage: {Type: String, Default: dev}
  Needed: {Type: String}
Conditions:
  IsProd: !Equals [!Ref Stage, prod]
  Both: !And [!Condition IsProd, !Or [!Equals [a, b], !Equals [c, c]]]
Resources:
  Flow:
    Type: AWS::Serverless::Application
    Properties: {Location: nested.yaml, Parameters: {FlowName: one, Seconds: '60'}}
  Other:
    Type: AWS::Serverless::Application
    Properties: {Location: nested.yaml, Parameters: {FlowName: two, Rules: 'r,s'}}
  Function:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: !Sub ${AWS::StackName}-f
      Url: !GetAtt Flow.Outputs.Url
      Protected: !If [Both, true, false]
      Needed: !Ref Needed
      Mapping: !Ref FunctionQueue
      Events: {Queue: {Type: SQS, Properties: {}}}
";

    fn read(file: &str) -> std::io::Result<String> {
        Ok(if file == "nested.yaml" { NESTED } else { OUTER }.to_owned())
    }

    fn expanded() -> Application {
        Application::expand("outer.yaml", &read, "s", [("Stage".to_owned(), json!("prod"))].into()).unwrap()
    }

    #[test]
    fn each_use_of_a_nested_template_has_its_parameters_or_their_defaults() {
        let application = expanded();
        let mut told: Vec<_> = application
            .of_kind("AWS::SQS::Queue")
            .map(|queue| (queue.flow.as_str(), queue.id.as_str(), &queue.properties))
            .collect();
        told.sort_by_key(|(flow, id, _)| (*flow, *id));
        let one = json!({"QueueName": "s-Flow-one", "Wait": "60", "Most": 7, "Policy": ["a", "c"]});
        let two = json!({"QueueName": "s-Other-two", "Wait": 180, "Most": 7, "Policy": ["a", "b", "c"]});
        let never = json!({"QueueName": "never"});
        assert_eq!(told, [("one", "Queue", &one), ("two", "Dead", &never), ("two", "Queue", &two)]);
    }

    #[test]
    fn names_attributes_outputs_and_substitutions_resolve() {
        let application = expanded();
        let alarm = application.of_kind("AWS::CloudWatch::Alarm").next().unwrap();
        assert_eq!(alarm.properties["Name"], "s-Flow-one");
        assert_eq!(alarm.properties["Text"], "${kept} y arn:aws:sqs:eu-west-1:123456789012:s-Flow-one");
        assert_eq!(alarm.reference, "s-Flow-Alarm");
        let function = application.of_kind("AWS::Serverless::Function").next().unwrap();
        assert_eq!(function.properties["Url"], "https://sqs.eu-west-1.amazonaws.com/123456789012/s-Flow-one");
        assert_eq!(function.properties["Protected"], true);
        assert_eq!(function.properties["Needed"], "<Needed>");
        assert_eq!(function.properties["Mapping"], "mapping-s-FunctionQueue");
    }

    #[test]
    fn what_nothing_defines_is_refused_with_its_place() {
        for (from, to) in [
            ("!Ref Needed", "!Ref Nobody"),
            ("Flow.Outputs.Url", "Flow.Outputs.Nothing"),
            ("[Both,", "[Neither,"),
        ] {
            let broken = OUTER.replace(from, to);
            let read =
                |file: &str| Ok(if file == "nested.yaml" { NESTED.to_owned() } else { broken.clone() });
            let refused = Application::expand("outer.yaml", &read, "s", Parameters::new()).unwrap_err();
            assert!(refused.at.starts_with("Function"), "{refused}");
        }
    }
}
