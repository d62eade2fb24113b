"""Adapts a built template to the local engine, and says what had to be left out.

The rules, in one place:
- resources of the types in TYPES, and alarms on metric math, are dropped, together with the outputs that name them, and so is the use of
  a nested template of which nothing is left;
- MaximumConcurrency becomes the number itself: the engine hands a parameter on as text and then compares it as one.

Run on the folder that `sam build` made: writes engine.yaml beside each template.yaml, and prints a JSON list of what was
dropped.
"""

import json
import pathlib
import sys

from samcli.yamlhelper import yaml_dump, yaml_parse

TYPES = {
    "AWS::CloudWatch::AnomalyDetector",
    "AWS::CloudWatch::CompositeAlarm",
    "AWS::Logs::QueryDefinition",
}

NESTED = {"AWS::Serverless::Application", "AWS::CloudFormation::Stack"}

ENGINE = "engine.yaml"


def lacking(resource):
    metric_math = resource["Type"] == "AWS::CloudWatch::Alarm" and "Metrics" in resource.get("Properties", {})
    return metric_math or resource["Type"] in TYPES


def names(value, name):
    """Whether an intrinsic function in `value` refers to the resource `name`."""
    if isinstance(value, dict):
        return any(
            (key == "Ref" and inner == name)
            or (key == "Fn::GetAtt" and name in (inner, inner[0], str(inner).split(".", maxsplit=1)[0]))
            or (key == "Fn::Sub" and "${" + name in json.dumps(inner, default=str))
            or names(inner, name)
            for key, inner in value.items()
        )
    return isinstance(value, list) and any(names(inner, name) for inner in value)


def settle_numbers(value, parameters):
    if isinstance(value, dict):
        limit = value.get("MaximumConcurrency")
        if isinstance(limit, dict) and "Ref" in limit:
            value["MaximumConcurrency"] = int(parameters[limit["Ref"]]["Default"])
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        settle_numbers(inner, parameters)


def nested(resource, path):
    """Where the adapted template is that the resource uses; None where it uses none."""
    if resource["Type"] not in NESTED:
        return None
    properties = resource["Properties"]
    return path.parent / properties.get("Location", properties.get("TemplateURL")).replace("template.yaml", ENGINE)


def adapt(path, build):
    template = yaml_parse(path.read_text())
    settle_numbers(template["Resources"], template.get("Parameters", {}))
    dropped = [name for name, resource in template["Resources"].items() if lacking(resource)]
    uses = {name: nested(resource, path) for name, resource in template["Resources"].items()}
    empty = [name for name, used in uses.items() if used and not yaml_parse(used.read_text())["Resources"]]
    for name in dropped + empty:
        del template["Resources"][name]
        outputs = template.get("Outputs", {})
        for output in [key for key, value in outputs.items() if names(value, name)]:
            del outputs[output]
    for resource in template["Resources"].values():
        if resource["Type"] in NESTED:
            properties = resource["Properties"]
            key = "Location" if "Location" in properties else "TemplateURL"
            properties[key] = properties[key].replace("template.yaml", ENGINE)
    path.with_name(ENGINE).write_text(yaml_dump(template))
    return [f"{path.parent.name}/{name}" if path.parent != build else name for name in dropped]


if __name__ == "__main__":
    build = pathlib.Path(sys.argv[1])
    # Nested ones before those that use them.
    paths = sorted(build.rglob("template.yaml"), key=lambda path: -len(path.parts))
    print(json.dumps(sorted(name for path in paths for name in adapt(path, build))))
