# SPDX-License-Identifier: Apache-2.0
# Read a SARIF log into the object model of python3-sarif-python-om, which knows the properties of
# each object and which of them are required, and print of each result what a viewer shows.
import json
import sys

import attr
import sarif_om

# The model has names only; what a property holds is in section 3 of the standard.
HOLDS = {
    "runs": "Run", "tool": "Tool", "driver": "ToolComponent", "rules": "ReportingDescriptor",
    "notifications": "ReportingDescriptor", "shortDescription": "MultiformatMessageString",
    "fullDescription": "MultiformatMessageString", "help": "MultiformatMessageString",
    "defaultConfiguration": "ReportingConfiguration", "automationDetails": "RunAutomationDetails",
    "invocations": "Invocation", "toolExecutionNotifications": "Notification",
    "descriptor": "ReportingDescriptorReference", "results": "Result", "message": "Message",
    "description": "Message", "locations": "Location", "physicalLocation": "PhysicalLocation",
    "artifactLocation": "ArtifactLocation", "region": "Region",
    "logicalLocations": "LogicalLocation", "suppressions": "Suppression",
}
MAPS = {"originalUriBaseIds": "ArtifactLocation", "partialFingerprints": None, "properties": None}


def build(value, name):
    """An object of the model; what it has no property for, or lacks, is an error."""
    cls = getattr(sarif_om, name)
    known = {a.metadata.get("schema_property_name", a.name): a.name for a in attr.fields(cls)}
    if name == "Suppression":  # was called so until the standard was settled
        known["status"] = known.pop("state")
    return cls(**{known[key]: part(key, item) for key, item in value.items()})


def part(key, value):
    if key in MAPS:
        return {n: build(v, MAPS[key]) if MAPS[key] else v for n, v in value.items()}
    if isinstance(value, list):
        return [part(key, item) for item in value]
    return build(value, HOLDS[key]) if isinstance(value, dict) else value


document = json.load(open(sys.argv[1], encoding="utf-8"))
document["schema_uri"] = document.pop("$schema")
run = build({k: v for k, v in document.items() if k != "schema_uri"}, "SarifLog").runs[0]
for result in run.results:
    rule = run.tool.driver.rules[result.rule_index]
    assert rule.id == result.rule_id, result.rule_id
    print(result.level, rule.id, result.locations[0].physical_location.artifact_location.uri,
          len(result.suppressions), result.message.text, sep="|")
