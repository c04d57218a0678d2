"""The shipped template, made into what moto's CloudFormation can deploy.

SAM becomes CloudFormation with AWS's own translator. What moto cannot create is taken out first, and every reference to
it is replaced by the local value: moto would drop an environment variable that refers to an unknown resource, without a
word.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3

from infra.local.moto_seams import ACCOUNT, REGION

Json = dict[str, Any]


class DeployError(RuntimeError):
    """The template cannot be deployed locally; the message says what to change where."""


@dataclass(frozen=True)
class StandIn:
    """What takes the place of a resource that moto cannot create: the values that references to it get."""

    ref: Any
    attributes: Mapping[str, Any] = field(default_factory=dict)


LEFT_OUT = frozenset(
    {
        "AWS::ApiGatewayV2::Authorizer",
        "AWS::ApiGatewayV2::Integration",
        "AWS::ApiGatewayV2::Route",
        "AWS::ApiGatewayV2::Stage",
        "AWS::Lambda::EventInvokeConfig",  # `runtime.py` keeps its promise
        "AWS::Lambda::Permission",  # nothing here asks for permission
        "AWS::S3::BucketPolicy",  # `deploy.py` sets it by API
        "AWS::Scheduler::Schedule",  # `schedule.py` drives it
        "AWS::SES::ReceiptRule",
    }
)
"""Types that are left out when nothing refers to them."""


def stand_in(logical_id: str, resource: Json, *, key_arn: str, api_url: str) -> StandIn | None:
    """Return what stands in for a resource; None when moto can create it."""
    name = f"local-{logical_id.lower()}"
    key = key_arn.rpartition("/")[2]
    pool = f"{REGION}_local"
    by_type: dict[str, Callable[[], StandIn]] = {
        # moto's CloudFormation makes every key an encryption key …
        "AWS::KMS::Key": lambda: StandIn(key, {"Arn": key_arn, "KeyId": key}),
        # … and no state machine that runs.
        "AWS::StepFunctions::StateMachine": lambda: _machine(resource["Properties"]["StateMachineName"]),
        "AWS::ApiGatewayV2::Api": lambda: StandIn(name, {"ApiEndpoint": api_url, "ApiId": name}),
        "AWS::Logs::LogGroup": lambda: StandIn(name, {"Arn": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{name}:*"}),
        "AWS::Cognito::UserPool": lambda: StandIn(
            pool,
            {
                "Arn": f"arn:aws:cognito-idp:{REGION}:{ACCOUNT}:userpool/{pool}",
                "ProviderName": f"cognito-idp.{REGION}.amazonaws.com/{pool}",
            },
        ),
        "AWS::Cognito::UserPoolClient": lambda: StandIn(name),
        "AWS::SES::ConfigurationSet": lambda: StandIn(name),
        "AWS::SES::ReceiptRuleSet": lambda: StandIn(name),
    }
    kind = resource["Type"]
    if kind in by_type:
        return by_type[kind]()
    return StandIn(name) if kind in LEFT_OUT else None


def _machine(name: Any) -> StandIn:  # noqa: ANN401 - a string or an intrinsic
    text = name if isinstance(name, str) else name.get("Fn::Sub")
    if not isinstance(text, str):
        raise DeployError(f"A state machine's Name must be a string or a plain !Sub, not {json.dumps(name)}.")
    arn = {"Fn::Sub": f"arn:${{AWS::Partition}}:states:${{AWS::Region}}:${{AWS::AccountId}}:stateMachine:{text}"}
    return StandIn(arn, {"Arn": arn, "Name": name})


def read_template(path: Path) -> Json:
    """Read a SAM template."""
    from samtranslator.yaml_helper import yaml_parse  # noqa: PLC0415 - takes a third of a second

    template: Json = yaml_parse(path.read_text("utf-8"))
    return template


def to_cloudformation(template: Json) -> Json:
    """Return the template with SAM's resources replaced by CloudFormation's."""
    from samtranslator.model.exceptions import InvalidDocumentException  # noqa: PLC0415 - as above
    from samtranslator.parser.parser import Parser  # noqa: PLC0415
    from samtranslator.translator.translator import Translator  # noqa: PLC0415

    template = json.loads(json.dumps(template))
    for resource in template["Resources"].values():
        properties = resource.get("Properties", {})
        if resource["Type"] == "AWS::Serverless::Function":
            # `sam package` would upload these; the workers run the folder itself.
            if properties.get("PackageType") == "Image":
                properties["ImageUri"] = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/local:latest"
            else:
                properties["CodeUri"] = "s3://local/functions.zip"
        elif resource["Type"] == "AWS::Serverless::StateMachine":
            properties["DefinitionUri"] = "s3://local/definition.json"
    logging.getLogger("samtranslator").setLevel(logging.ERROR)  # it warns that we do not publish its usage metrics
    translator = Translator({}, Parser(), boto_session=boto3.Session(region_name=REGION))
    try:
        translated: Json = translator.translate(template, parameter_values={})
    except InvalidDocumentException as error:
        causes = "; ".join(cause.message for cause in error.causes)
        raise DeployError(f"The template is not valid SAM: {causes}") from error
    return translated


def localise(template: Json, *, key_arn: str, api_url: str) -> Json:
    """Take out what moto cannot create, and give every reference to it a local value.

    Raises
    ------
    DeployError
        The template holds a type that neither moto nor this module knows.
    """
    from moto.cloudformation.parsing import get_model_map  # noqa: PLC0415 - after MOTO_PORT is set

    known = get_model_map()
    kept: Json = {}
    standing: dict[str, StandIn] = {}
    for logical_id, resource in template["Resources"].items():
        replacement = stand_in(logical_id, resource, key_arn=key_arn, api_url=api_url)
        if replacement is not None:
            standing[logical_id] = replacement
        elif resource["Type"] in known:
            kept[logical_id] = resource
        else:
            raise DeployError(
                f"{logical_id}: moto cannot create {resource['Type']}. Give it a stand-in in infra/local/translate.py."
            )
    for resource in kept.values():
        resource.pop("DependsOn", None)  # it may name what is no longer there; nothing here runs in parallel
        if resource["Type"] == "AWS::Lambda::Function":
            resource["Properties"]["Code"] = {"ZipFile": "# The workers run the folder itself."}
    return {
        **template,
        "Resources": replaced(kept, standing),
        "Outputs": replaced(template.get("Outputs", {}), standing),
    }


def replaced(node: Any, standing: Mapping[str, StandIn]) -> Any:  # noqa: ANN401, PLR0911 - any JSON; one case each
    """Return `node` with every reference to a stood-in resource replaced."""
    match node:
        case list():
            return [replaced(item, standing) for item in node]
        case {"Ref": str(name)} if name in standing:
            return standing[name].ref
        case {"Fn::GetAtt": [str(name), str(attribute)]} if name in standing:
            return _attribute(standing, name, attribute)
        case {"Fn::Sub": str(text)}:
            return _sub(text, {}, standing)
        case {"Fn::Sub": [str(text), dict(variables)]}:
            return _sub(text, replaced(variables, standing), standing)
        case dict():
            return {key: replaced(value, standing) for key, value in node.items()}
    return node


def _attribute(standing: Mapping[str, StandIn], name: str, attribute: str) -> Any:  # noqa: ANN401
    try:
        return standing[name].attributes[attribute]
    except KeyError:
        raise DeployError(
            f"Nothing local stands in for {name}.{attribute}: add it in infra/local/translate.py."
        ) from None


def _sub(text: str, variables: Json, standing: Mapping[str, StandIn]) -> Json | str:
    """Replace ``${Name}`` and ``${Name.Attribute}`` of stood-in resources inside an ``Fn::Sub``."""
    variables = dict(variables)

    def one(match: re.Match[str]) -> str:
        name, _, attribute = match[1].partition(".")
        if name in variables or name not in standing:
            return match[0]
        value = _attribute(standing, name, attribute) if attribute else standing[name].ref
        if isinstance(value, str):
            return value
        key = re.sub(r"\W", "", f"Local{name}{attribute}")
        variables[key] = value
        return f"${{{key}}}"

    text = re.sub(r"\$\{([^!}]+)\}", one, text)
    if "${" not in text:
        return text
    return {"Fn::Sub": [text, variables] if variables else text}


def resources_of(template: Json, kind: str) -> Iterator[tuple[str, Json]]:
    """Yield the logical id and the properties of every resource of one type."""
    for logical_id, resource in template["Resources"].items():
        if resource["Type"] == kind:
            yield logical_id, resource.get("Properties", {})


def template_variables(template: Json) -> dict[str, set[str]]:
    """Return the environment variables that the SAM template gives to each function, its Globals included."""

    def names(node: Json) -> set[str]:
        return set(node.get("Environment", {}).get("Variables", {}))

    shared = names(template.get("Globals", {}).get("Function", {}))
    return {
        logical_id: shared | names(properties)
        for logical_id, properties in resources_of(template, "AWS::Serverless::Function")
    }


Walk = Callable[[Json], None]


def each_state(states: Json, visit: Walk) -> None:
    """Call `visit` for every state of a definition, inside Maps and Parallels too."""
    for state in states.values():
        visit(state)
        for inner in [state.get("ItemProcessor"), state.get("Iterator"), *state.get("Branches", [])]:
            if inner:
                each_state(inner["States"], visit)
