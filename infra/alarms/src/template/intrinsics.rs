use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use serde_json::{Map, Value, json};

use super::{Parameters, is_nested, members, parse};
use crate::Refused;

const REGION: &str = "eu-west-1";
const ACCOUNT: &str = "123456789012";

/// One use of one template.
pub(super) struct Stack<'a> {
    name: String,
    template: Value,
    parameters: Parameters,
    read: &'a dyn Fn(&str) -> std::io::Result<String>,
    /// By logical id; None while one is being made, which a reference in a circle would find.
    children: RefCell<BTreeMap<String, Option<Rc<Stack<'a>>>>>,
}

impl<'a> Stack<'a> {
    pub(super) fn new(
        file: &str,
        read: &'a dyn Fn(&str) -> std::io::Result<String>,
        name: &str,
        given: Parameters,
    ) -> Result<Self, Refused> {
        let template = parse(file, read)?;
        let mut parameters = Parameters::new();
        for (parameter, said) in members(&template, "Parameters") {
            let value = given.get(parameter).or_else(|| said.get("Default")).cloned();
            let value = value.unwrap_or_else(|| json!(format!("<{parameter}>")));
            let is_list = said.get("Type").and_then(Value::as_str) == Some("CommaDelimitedList");
            let value = match value.as_str().filter(|_| is_list) {
                Some("") => json!([]),
                Some(list) => list.split(',').map(str::trim).collect(),
                None => value,
            };
            parameters.insert(parameter.clone(), value);
        }
        if let Some(unknown) = given.keys().find(|name| !parameters.contains_key(*name)) {
            return Err(Refused::new(file, format!("it has no parameter {unknown}")));
        }
        Ok(Self { name: name.to_owned(), template, parameters, read, children: RefCell::default() })
    }

    pub(super) fn template(&self) -> &Value {
        &self.template
    }

    pub(super) fn parameter(&self, name: &str) -> Option<&Value> {
        self.parameters.get(name)
    }

    pub(super) fn exists(&self, resource: &Value) -> Result<bool, Refused> {
        resource.get("Condition").and_then(Value::as_str).map_or(Ok(true), |name| self.condition(name))
    }

    pub(super) fn child(&self, id: &str) -> Result<Rc<Stack<'a>>, Refused> {
        if let Some(child) = self.children.borrow().get(id) {
            return child.clone().ok_or_else(|| Refused::new(id, "it refers to itself in a circle"));
        }
        self.children.borrow_mut().insert(id.to_owned(), None);
        let properties = self.properties(id).ok_or_else(|| Refused::new(id, "it has no properties"))?;
        let location = properties.get("Location").or_else(|| properties.get("TemplateURL"));
        let location =
            location.and_then(Value::as_str).ok_or_else(|| Refused::new(id, "where its template is"))?;
        let mut parameters = Parameters::new();
        for (name, value) in members(properties, "Parameters") {
            let value = self.resolve(value).map_err(|refused| refused.within(name).within(id))?;
            parameters.extend(value.map(|value| (name.clone(), value)));
        }
        let child = Rc::new(Stack::new(location, self.read, &format!("{}-{id}", self.name), parameters)?);
        self.children.borrow_mut().insert(id.to_owned(), Some(Rc::clone(&child)));
        Ok(child)
    }

    /// None for `AWS::NoValue`.
    pub(super) fn resolve(&self, value: &Value) -> Result<Option<Value>, Refused> {
        Ok(Some(match value {
            Value::Array(items) => {
                let items: Result<Vec<_>, _> = items.iter().map(|item| self.resolve(item)).collect();
                Value::Array(items?.into_iter().flatten().collect())
            }
            Value::Object(object) => {
                if let Some((name, argument)) = intrinsic(object) {
                    return self.call(name, argument);
                }
                let mut resolved = Map::new();
                for (name, value) in object {
                    let value = self.resolve(value).map_err(|refused| refused.within(name))?;
                    resolved.extend(value.map(|value| (name.clone(), value)));
                }
                Value::Object(resolved)
            }
            plain => plain.clone(),
        }))
    }

    fn call(&self, name: &str, argument: &Value) -> Result<Option<Value>, Refused> {
        let refused = |what: &str| Refused::new(name, format!("{what}: {argument}"));
        Ok(Some(match name {
            "Ref" => {
                let target = argument.as_str().ok_or_else(|| refused("no name"))?;
                if target == "AWS::NoValue" {
                    return Ok(None);
                }
                match self.parameters.get(target) {
                    Some(value) => value.clone(),
                    None => json!(self.reference(target)?),
                }
            }
            "Fn::GetAtt" => match argument.as_array().map(Vec::as_slice) {
                Some([Value::String(id), Value::String(attribute)]) => self.attribute(id, attribute)?,
                _ => return Err(refused("not a resource and an attribute")),
            },
            "Fn::Sub" => json!(self.substitute(argument)?),
            "Fn::If" => match argument.as_array().map(Vec::as_slice) {
                Some([Value::String(condition), yes, no]) => {
                    return self.resolve(if self.condition(condition)? { yes } else { no });
                }
                _ => return Err(refused("not a condition and two values")),
            },
            "Fn::Join" => match argument.as_array().map(Vec::as_slice) {
                Some([Value::String(between), list]) => {
                    let list = self.resolve(list)?.unwrap_or(Value::Null);
                    let list = list.as_array().ok_or_else(|| refused("no list"))?;
                    json!(list.iter().map(text).collect::<Vec<_>>().join(between))
                }
                _ => return Err(refused("not a text and a list")),
            },
            "Fn::Select" => {
                let resolved = self.resolve(argument)?.unwrap_or(Value::Null);
                let place = resolved.get(0).and_then(|place| text(place).parse::<usize>().ok());
                let list = resolved.get(1).and_then(Value::as_array);
                let chosen = place.and_then(|place| list?.get(place));
                chosen.cloned().ok_or_else(|| refused("nothing at that place"))?
            }
            "Fn::FindInMap" => {
                let path = self.resolve(argument)?.unwrap_or(Value::Null);
                let path = path.as_array().ok_or_else(|| refused("no path"))?;
                let mappings = self.template.get("Mappings").unwrap_or(&Value::Null);
                let found = path.iter().try_fold(mappings, |at, step| at.get(text(step)));
                found.cloned().ok_or_else(|| refused("nothing there"))?
            }
            "Condition" | "Fn::Equals" | "Fn::Not" | "Fn::And" | "Fn::Or" => {
                json!(self.holds(name, argument)?)
            }
            _ => return Err(refused("not modelled")),
        }))
    }

    fn condition(&self, name: &str) -> Result<bool, Refused> {
        let condition = self.template.get("Conditions").and_then(|all| all.get(name));
        let condition = condition.and_then(Value::as_object).and_then(intrinsic);
        let (function, argument) = condition.ok_or_else(|| Refused::new(name, "no such condition"))?;
        self.holds(function, argument)
    }

    fn holds(&self, function: &str, argument: &Value) -> Result<bool, Refused> {
        if function == "Condition" {
            return self.condition(argument.as_str().unwrap_or_default());
        }
        let resolved = self.resolve(argument)?.unwrap_or(Value::Null);
        let values = resolved.as_array().map(Vec::as_slice).unwrap_or_default();
        let is_true = |value: &Value| value == &json!(true);
        match (function, values) {
            ("Fn::Equals", [one, other]) => Ok(text(one) == text(other)),
            ("Fn::Not", [one]) => Ok(!is_true(one)),
            ("Fn::And", values) => Ok(values.iter().all(is_true)),
            ("Fn::Or", values) => Ok(values.iter().any(is_true)),
            _ => Err(Refused::new(function, format!("not modelled: {argument}"))),
        }
    }

    fn substitute(&self, argument: &Value) -> Result<String, Refused> {
        let (pattern, own) = match argument {
            Value::Array(both) => (both.first(), both.get(1)),
            pattern => (Some(pattern), None),
        };
        let mut rest = pattern
            .and_then(Value::as_str)
            .ok_or_else(|| Refused::new("Fn::Sub", format!("no text: {argument}")))?;
        let mut result = String::new();
        while let Some((before, after)) = rest.split_once("${") {
            let (name, after) =
                after.split_once('}').ok_or_else(|| Refused::new("Fn::Sub", format!("no end: {rest}")))?;
            result.push_str(before);
            rest = after;
            if let Some(literal) = name.strip_prefix('!') {
                result.push_str(&format!("${{{literal}}}"));
            } else if let Some(value) = own.and_then(|own| own.get(name)) {
                result.push_str(&self.resolve(value)?.as_ref().map(text).unwrap_or_default());
            } else {
                let called = match name.split_once('.') {
                    Some((id, attribute)) => self.call("Fn::GetAtt", &json!([id, attribute])),
                    None => self.call("Ref", &json!(name)),
                };
                result.push_str(&called?.as_ref().map(text).unwrap_or_default());
            }
        }
        result.push_str(rest);
        Ok(result)
    }

    fn resource(&self, id: &str) -> Option<&Value> {
        self.template.get("Resources")?.get(id)
    }

    fn properties(&self, id: &str) -> Option<&Value> {
        self.resource(id)?.get("Properties")
    }

    /// What `Ref` gives: a pseudo parameter's value, a resource's id as its service has it.
    pub(super) fn reference(&self, id: &str) -> Result<String, Refused> {
        match id {
            "AWS::StackName" => return Ok(self.name.clone()),
            "AWS::Region" => return Ok(REGION.to_owned()),
            "AWS::AccountId" => return Ok(ACCOUNT.to_owned()),
            "AWS::Partition" => return Ok("aws".to_owned()),
            "AWS::URLSuffix" => return Ok("amazonaws.com".to_owned()),
            "AWS::StackId" => {
                return Ok(format!("arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/{}/1", self.name));
            }
            _ => {}
        }
        let Some(resource) = self.resource(id) else {
            // SAM calls the mapping of a function's event by both their ids.
            let is_event = |(function, resource): (&String, &Value)| {
                let events = resource.get("Properties").and_then(|properties| properties.get("Events"));
                let event = id.strip_prefix(function.as_str());
                event.is_some_and(|event| events.is_some_and(|events| events.get(event).is_some()))
            };
            return if members(&self.template, "Resources").any(is_event) {
                Ok(format!("mapping-{}-{id}", self.name))
            } else {
                Err(Refused::new(id, "nothing has this name"))
            };
        };
        let name = self.physical_name(id, resource)?;
        Ok(match resource.get("Type").and_then(Value::as_str).unwrap_or_default() {
            "AWS::SQS::Queue" => format!("https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{name}"),
            "AWS::SNS::Topic" => format!("arn:aws:sns:{REGION}:{ACCOUNT}:{name}"),
            _ => name,
        })
    }

    fn physical_name(&self, id: &str, resource: &Value) -> Result<String, Refused> {
        let kind = resource.get("Type").and_then(Value::as_str).unwrap_or_default();
        let property = match kind {
            "AWS::SQS::Queue" => "QueueName",
            "AWS::Serverless::Function" | "AWS::Lambda::Function" => "FunctionName",
            "AWS::CloudWatch::Alarm" | "AWS::CloudWatch::CompositeAlarm" => "AlarmName",
            "AWS::CloudWatch::Dashboard" => "DashboardName",
            "AWS::DynamoDB::Table" => "TableName",
            "AWS::SNS::Topic" => "TopicName",
            "AWS::Logs::LogGroup" => "LogGroupName",
            "AWS::Events::Rule" => "Name",
            _ => "",
        };
        let said = resource.get("Properties").and_then(|properties| properties.get(property));
        let said = said.map(|said| self.resolve(said)).transpose()?.flatten();
        Ok(said.as_ref().map_or_else(|| format!("{}-{id}", self.name), text))
    }

    fn attribute(&self, id: &str, attribute: &str) -> Result<Value, Refused> {
        let at = || format!("{id}.{attribute}");
        let resource = self.resource(id).ok_or_else(|| Refused::new(at(), "nothing has this name"))?;
        let kind = resource.get("Type").and_then(Value::as_str).unwrap_or_default();
        if is_nested(kind) {
            let child = self.child(id)?;
            let name = attribute.strip_prefix("Outputs.").unwrap_or(attribute);
            let output = child.template.get("Outputs").and_then(|outputs| outputs.get(name)?.get("Value"));
            let output = output.ok_or_else(|| Refused::new(at(), "no such output"))?;
            return Ok(child.resolve(output)?.unwrap_or(Value::Null));
        }
        let name = self.physical_name(id, resource)?;
        Ok(json!(match (kind, attribute) {
            ("AWS::SQS::Queue", "QueueName") => name,
            ("AWS::SQS::Queue", "Arn") => format!("arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"),
            ("AWS::SQS::Queue", "QueueUrl") => self.reference(id)?,
            ("AWS::SNS::Topic", "TopicName") => name,
            ("AWS::CloudWatch::Alarm" | "AWS::CloudWatch::CompositeAlarm", "Arn") => {
                format!("arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:{name}")
            }
            ("AWS::Serverless::Function" | "AWS::Lambda::Function", "Arn") => {
                format!("arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}")
            }
            _ => format!("{name}.{attribute}"),
        }))
    }
}

fn intrinsic(object: &Map<String, Value>) -> Option<(&str, &Value)> {
    let (name, argument) = object.iter().next().filter(|_| object.len() == 1)?;
    let is_one = name == "Ref" || (name == "Condition" && argument.is_string()) || name.starts_with("Fn::");
    is_one.then_some((name.as_str(), argument))
}

pub(crate) fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
