"""The template's promises: nothing is open, nothing destroys evidence, only one function can send mail."""

from __future__ import annotations

import ast
from typing import Any

import pytest

from tests.unit.test_state_machines import ROOT, TEMPLATE

RESOURCES: dict[str, Any] = TEMPLATE["Resources"]
FUNCTIONS = {
    name.removesuffix("Function"): resource["Properties"]
    for name, resource in RESOURCES.items()
    if resource["Type"] == "AWS::Serverless::Function"
}
DESTROYS = ("s3:Delete", "s3:Bypass", "s3:PutObjectRetention", "s3:PutLifecycle", "s3:PutBucket", "dynamodb:DeleteItem",
            "dynamodb:BatchWrite", "dynamodb:DeleteTable", "kms:ScheduleKeyDeletion", "kms:PutKeyPolicy")  # fmt: skip


def actions(properties: dict[str, Any]) -> list[str]:
    return [
        action
        for policy in properties.get("Policies", [])
        for statement in policy["Statement"]
        for action in statement["Action"]
    ]


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_every_room_has_its_function_and_exact_actions(name: str) -> None:
    granted = actions(FUNCTIONS[name])
    assert not [action for action in granted if "*" in action]
    assert not [action for action in granted if action.startswith(DESTROYS)]


def test_every_room_is_deployed() -> None:
    rooms = {path.parent.name for path in (ROOT / "functions").glob("*/app.py")}
    handlers = {
        (properties.get("Handler") or properties["ImageConfig"]["Command"][0]).split(".")[0]
        for properties in FUNCTIONS.values()
    }
    assert rooms == handlers


def test_only_send_notice_may_send_mail() -> None:
    senders = [name for name, properties in FUNCTIONS.items() if any(a.startswith("ses:") for a in actions(properties))]
    assert senders == ["SendNotice"]


def test_the_function_that_meets_hostile_pages_may_write_captures_and_nothing_else() -> None:
    (policy,) = FUNCTIONS["CapturePage"]["Policies"]
    (statement,) = policy["Statement"]
    assert statement["Action"] == ["s3:PutObject"]
    assert statement["Resource"] == {"Sub": "${EvidenceBucket.Arn}/*/captures/*"}


def test_only_sealing_and_export_may_sign() -> None:
    signers = {name for name, properties in FUNCTIONS.items() if "kms:Sign" in actions(properties)}
    assert signers == {"SealCapture", "BuildBundle"}
    administer = RESOURCES["SigningKey"]["Properties"]["KeyPolicy"]["Statement"][0]
    assert "kms:Sign" not in administer["Action"]
    assert "kms:*" not in administer["Action"]


def test_the_custody_table_is_only_ever_appended_to() -> None:
    for name, properties in FUNCTIONS.items():
        for policy in properties.get("Policies", []):
            for statement in policy["Statement"]:
                if statement["Resource"] == {"GetAtt": "CustodyTable.Arn"}:
                    assert set(statement["Action"]) <= {"dynamodb:PutItem", "dynamodb:Query", "dynamodb:GetItem"}, name


def test_nothing_is_deployed_open() -> None:
    assert RESOURCES["HttpApi"]["Properties"]["Auth"]["DefaultAuthorizer"] == "AWS_IAM"


@pytest.mark.parametrize("name", ["EvidenceBucket", "EvidenceBucketPolicy", "CaseTable", "CustodyTable", "SigningKey"])
def test_what_is_kept_outlives_the_stack(name: str) -> None:
    assert RESOURCES[name]["DeletionPolicy"] == RESOURCES[name]["UpdateReplacePolicy"] == "Retain"


def test_evidence_is_locked_and_its_deletion_denied_to_everybody() -> None:
    bucket = RESOURCES["EvidenceBucket"]["Properties"]
    assert bucket["ObjectLockEnabled"] is True
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    statements = RESOURCES["EvidenceBucketPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    denied = {action for item in statements if item["Sid"] == "NothingDestroysEvidence" for action in item["Action"]}
    assert denied >= {"s3:DeleteObject", "s3:DeleteObjectVersion", "s3:BypassGovernanceRetention"}


def references(value: Any) -> set[str]:  # noqa: ANN401 - any template value
    """Names of the resources that a value refers to."""
    if isinstance(value, dict):
        found: set[str] = set()
        for key, inner in value.items():
            if key == "Ref" and isinstance(inner, str):
                found.add(inner)
            elif key == "GetAtt" and isinstance(inner, str):
                found.add(inner.split(".")[0])
            elif key == "Sub" and isinstance(inner, str):
                found |= {part.split("}")[0].split(".")[0] for part in inner.split("${")[1:]}
            else:
                found |= references(inner)
        return found
    return set().union(*map(references, value)) if isinstance(value, list) else set()


def test_no_resource_depends_on_itself_by_any_way() -> None:
    edges = {name: references(resource) & set(RESOURCES) for name, resource in RESOURCES.items()}
    done: set[str] = set()

    def visit(name: str, trail: tuple[str, ...]) -> None:
        assert name not in trail, f"cycle: {' -> '.join([*trail, name])}"
        if name in done:
            return
        for other in sorted(edges[name]):
            visit(other, (*trail, name))
        done.add(name)

    for name in sorted(edges):
        visit(name, ())


def test_every_variable_that_a_room_reads_is_set() -> None:
    for name, properties in FUNCTIONS.items():
        room = (properties.get("Handler") or properties["ImageConfig"]["Command"][0]).split(".")[0]
        tree = ast.parse((ROOT / "functions" / room / "app.py").read_text("utf-8"))
        (model,) = [n for n in tree.body if isinstance(n, ast.ClassDef) and n.name.endswith("Settings")]
        needed = {
            field.target.id.upper()
            for field in model.body
            if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and field.value is None
        }
        variables = set(properties.get("Environment", {}).get("Variables", {}))
        assert needed <= variables, name
        optional = {
            field.target.id.upper()
            for field in model.body
            if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and field.value is not None
        }
        assert variables <= needed | optional, f"{name} is given what it does not read"
