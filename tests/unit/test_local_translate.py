"""What moto cannot create is replaced wherever it is referred to, or the deployment stops."""

from __future__ import annotations

from typing import Any

import pytest

from infra.local.translate import (
    DeployError,
    StandIn,
    each_state,
    localise,
    replaced,
    template_variables,
    to_cloudformation,
)

STANDING = {"Key": StandIn("key-id", {"Arn": "arn:key"}), "Machine": StandIn({"Fn::Sub": "arn:${AWS::StackName}-case"})}


@pytest.mark.parametrize(
    ("node", "result"),
    [
        ({"Ref": "Key"}, "key-id"),
        ({"Ref": "Other"}, {"Ref": "Other"}),
        ({"Fn::GetAtt": ["Key", "Arn"]}, "arn:key"),
        ({"Fn::Sub": "a-${Key}-${Key.Arn}"}, "a-key-id-arn:key"),
        ({"Fn::Sub": "a-${Key}-${Other}"}, {"Fn::Sub": "a-key-id-${Other}"}),
        ({"Fn::Sub": "${!Key}"}, {"Fn::Sub": "${!Key}"}),
        (
            {"Fn::Sub": "a-${Machine}"},
            {"Fn::Sub": ["a-${LocalMachine}", {"LocalMachine": {"Fn::Sub": "arn:${AWS::StackName}-case"}}]},
        ),
        ({"Fn::Sub": ["${x}/*", {"x": {"Ref": "Key"}}]}, {"Fn::Sub": ["${x}/*", {"x": "key-id"}]}),
        ([{"a": {"Ref": "Key"}}, 1], [{"a": "key-id"}, 1]),
    ],
)
def test_every_kind_of_reference_is_replaced(node: Any, result: Any) -> None:  # noqa: ANN401 - any JSON
    assert replaced(node, STANDING) == result


def test_an_attribute_that_nothing_stands_in_for_stops_the_deployment() -> None:
    with pytest.raises(DeployError, match=r"Key\.Name"):
        replaced({"Fn::GetAtt": ["Key", "Name"]}, STANDING)


def template(**resources: dict[str, Any]) -> dict[str, Any]:
    return {
        "Transform": "AWS::Serverless-2016-10-31",
        "Globals": {"Function": {"Environment": {"Variables": {"SHARED": "1"}}}},
        "Resources": resources,
    }


def function(**variables: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    properties = {"Runtime": "python3.13", "CodeUri": "functions/", "Handler": "room.app.handler"}
    return {
        "Type": "AWS::Serverless::Function",
        "Properties": {**properties, "Environment": {"Variables": variables}},
    }


def test_a_function_keeps_a_variable_that_refers_to_what_moto_does_not_know() -> None:
    sam = template(
        Room=function(POOL={"Ref": "Users"}, KEY={"Ref": "Key"}, LOGS={"Fn::GetAtt": ["Logs", "Arn"]}),
        Users={"Type": "AWS::Cognito::UserPool", "Properties": {}},
        Key={"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": {}}},
        Logs={"Type": "AWS::Logs::LogGroup"},
    )
    stack = localise(to_cloudformation(sam), key_arn="arn:aws:kms:x:y:key/abc", api_url="http://127.0.0.1:1")
    variables = stack["Resources"]["Room"]["Properties"]["Environment"]["Variables"]
    assert set(variables) == template_variables(sam)["Room"] == {"SHARED", "POOL", "KEY", "LOGS"}
    assert variables["POOL"] == "us-east-1_local"
    assert variables["KEY"] == "abc"
    assert variables["LOGS"].startswith("arn:aws:logs:")
    assert set(stack["Resources"]) == {"Room", "RoomRole"}


def test_a_type_that_nobody_knows_stops_the_deployment() -> None:
    sam = template(Strange={"Type": "AWS::IoTWireless::Destination"})
    with pytest.raises(DeployError, match="Strange: moto cannot create AWS::IoTWireless::Destination"):
        localise(to_cloudformation(sam), key_arn="", api_url="")


def test_a_template_that_is_not_sam_says_why() -> None:
    with pytest.raises(DeployError, match="Runtime and Handler"):
        to_cloudformation(template(Room={"Type": "AWS::Serverless::Function", "Properties": {"CodeUri": 7}}))


def test_the_template_that_was_read_stays_as_it_was() -> None:
    sam = template(Room=function())
    to_cloudformation(sam)
    assert sam["Resources"]["Room"]["Properties"]["CodeUri"] == "functions/"


def test_states_are_found_inside_maps_and_parallels() -> None:
    seen: list[str] = []
    states = {
        "A": {"Type": "Map", "ItemProcessor": {"States": {"B": {"Comment": "B"}}}, "Comment": "A"},
        "C": {"Type": "Parallel", "Branches": [{"States": {"D": {"Comment": "D"}}}], "Comment": "C"},
    }
    each_state(states, lambda state: seen.append(state["Comment"]))
    assert seen == ["A", "B", "C", "D"]
