"""The shipped state machines, walked state by state: `sam validate --lint` passes a dangling Next."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from takedown import errors

ROOT = Path(__file__).parents[2]
MACHINES = sorted((ROOT / "statemachine").glob("*.asl.json"))
SERVICE = {"Lambda.ServiceException", "Lambda.AWSLambdaException", "Lambda.SdkClientException",
           "Lambda.TooManyRequestsException"}  # fmt: skip
KILLED = {"Runtime.ExitError", "Lambda.Unknown", "Sandbox.Timedout", "States.Timeout"}


class Loader(yaml.SafeLoader):
    """Reads CloudFormation's short forms as plain values."""


Loader.add_multi_constructor("!", lambda _loader, suffix, node: {suffix: getattr(node, "value", None)})
TEMPLATE: dict[str, Any] = yaml.load((ROOT / "template.yaml").read_text("utf-8"), Loader)  # noqa: S506 - our own file


def levels(machine: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every level of a machine: itself, and the processor of each of its maps."""
    yield machine
    for state in machine["States"].values():
        if "ItemProcessor" in state:
            yield from levels(state["ItemProcessor"])


def states(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    for level in levels(json.loads(path.read_text("utf-8"))):
        yield from level["States"].items()


@pytest.mark.parametrize("path", MACHINES, ids=lambda path: path.name)
def test_every_target_exists_and_every_state_can_be_reached(path: Path) -> None:
    for level in levels(json.loads(path.read_text("utf-8"))):
        names = set(level["States"])
        targets = {level["StartAt"]}
        for name, state in level["States"].items():
            following = [
                *(state.get(key) for key in ("Next", "Default") if key in state),
                *(choice["Next"] for choice in state.get("Choices", [])),
                *(catch["Next"] for catch in state.get("Catch", [])),
            ]
            targets |= set(following)
            assert following or state.get("End") or state["Type"] == "Succeed", f"{name} leads nowhere"
        assert targets == names


@pytest.mark.parametrize("path", MACHINES, ids=lambda path: path.name)
def test_every_task_is_bounded_and_retries_only_what_may_pass(path: Path) -> None:
    for name, state in states(path):
        if state["Type"] != "Task":
            continue
        assert state["TimeoutSeconds"] > 0
        retried = {error for retry in state["Retry"] for error in retry["ErrorEquals"]}
        ours = retried - SERVICE - KILLED
        assert ours == {"RetryableError"}
        assert issubclass(errors.RetryableError, errors.TakedownError)
        assert all(retry["JitterStrategy"] == "FULL" for retry in state["Retry"])
        assert "States.TaskFailed" not in retried, f"{name} would retry what cannot pass"
        if name in {"SendNotice", "AwaitApproval"}:
            assert not retried & KILLED, "a killed worker may have sent the mail"
        else:
            assert retried >= KILLED


@pytest.mark.parametrize("path", MACHINES, ids=lambda path: path.name)
def test_one_name_in_four_places(path: Path) -> None:
    text = path.read_text("utf-8")
    placeholders = set(re.findall(r"\$\{(\w+)\}", text))
    machine = path.name.split(".")[0].title() + "Machine"
    substitutions = TEMPLATE["Resources"][machine]["Properties"]["DefinitionSubstitutions"]
    assert placeholders == set(substitutions)
    for placeholder in placeholders:
        function = placeholder.removesuffix("Arn")
        room = re.sub(r"(?<!^)([A-Z])", r"_\1", function.removesuffix("Function")).lower()
        assert (ROOT / "functions" / room / "app.py").is_file()
        properties = TEMPLATE["Resources"][function]["Properties"]
        handler = properties.get("Handler") or properties["ImageConfig"]["Command"][0]
        assert handler == f"{room}.app.handler"
    for name, state in states(path):
        if state["Type"] == "Task":
            # What records a failure is one function, called from several places of a machine.
            expected = "RecordFailure" if name.startswith("Record") else name
            assert state["Parameters"]["FunctionName"] == f"${{{expected}FunctionArn}}"


@pytest.mark.parametrize("path", MACHINES, ids=lambda path: path.name)
def test_one_dead_item_never_sinks_the_others(path: Path) -> None:
    for name, state in states(path):
        if state["Type"] == "Map":
            assert state["ToleratedFailurePercentage"] == 100.0, name
            for inner_name, inner in state["ItemProcessor"]["States"].items():
                if inner["Type"] == "Task" and not inner_name.startswith("Record"):
                    assert inner["Catch"][0]["ErrorEquals"] == ["States.ALL"], inner_name


def test_what_the_children_of_a_map_return_stays_far_below_the_payload_limit() -> None:
    """A Distributed Map hands its children's results on whatever ResultPath says: 10,000 empty ones are 30 KB."""
    for path in MACHINES:
        for _, state in states(path):
            for inner_name, inner in state.get("ItemProcessor", {}).get("States", {}).items():
                if inner.get("End") or inner["Type"] == "Succeed":
                    assert inner["OutputPath"] is None, inner_name


def test_a_watch_hands_over_before_its_history_is_full() -> None:
    """At worst every task of a look uses all its tries (5 events each) and every state is entered and left (2)."""
    machine = json.loads((ROOT / "statemachine" / "watch.asl.json").read_text("utf-8"))
    events = 0
    for state in machine["States"].values():
        tries = 1 + sum(retry["MaxAttempts"] for retry in state.get("Retry", []))
        events += 2 + (5 * tries if state["Type"] == "Task" else 0)
    policy = yaml.safe_load((ROOT / "functions/takedown/watch_policies/standard.yaml").read_text("utf-8"))
    assert events * policy["looks_per_execution"] < 25_000, f"{events} events a look"
