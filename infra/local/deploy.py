"""Deploys the shipped template and the shipped state machines into the local AWS."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parseaddr
from pathlib import Path
from typing import Any

from infra.local.aws import Clients
from infra.local.translate import (
    DeployError,
    Json,
    each_state,
    localise,
    read_template,
    resources_of,
    template_variables,
    to_cloudformation,
)

STACK = "takedown"
QUEUE_SECONDS = 3600
"""Added to the time-out of a state that calls a function. On AWS a call never queues, Lambda starts another sandbox;
here it may wait for one of few workers, and that must not eat the state's time. The function's own time-out stays."""
WORKERS = 4
IMAGE_WORKERS = 2
"""Functions from an image run a browser: two at once are what two cores can do."""


@dataclass(frozen=True)
class Function:
    """One deployed function."""

    logical_id: str
    name: str
    arn: str
    handler: str
    timeout: float
    memory: int
    variables: Mapping[str, str]
    log_format: str
    workers: int
    async_retries: int


@dataclass(frozen=True)
class Deployment:
    """What is there after deploying."""

    functions: Mapping[str, Function]
    """By logical id."""
    outputs: Mapping[str, str]
    """The template's Outputs."""
    resources: Mapping[str, str]
    """Physical name (for state machines and keys, the ARN) by logical id."""
    schedules: Mapping[str, tuple[str, str, str]]
    """Expression, target's ARN and input, by logical id."""

    def function_environments(self) -> dict[str, dict[str, str]]:
        """Return the environment variables of each function as they came out of the deployment."""
        return {name: dict(function.variables) for name, function in self.functions.items()}


def deploy(template_path: Path, parameters: Mapping[str, str], clients: Clients, *, api_url: str) -> Deployment:
    """Deploy a SAM template.

    Parameters
    ----------
    template_path
        ``template.yaml``; definitions of state machines are found beside it.
    parameters
        Values for its Parameters.
    clients
        The local AWS.
    api_url
        Where the local API will answer.

    Raises
    ------
    DeployError
        It cannot be deployed, or a function lost an environment variable on the way.
    """
    sam = read_template(template_path)
    unknown = set(parameters) - set(sam.get("Parameters", {}))
    if unknown:
        raise DeployError(f"The template has no parameter {', '.join(sorted(unknown))}.")
    translated = to_cloudformation(sam)
    key_arn = _create_key(translated, clients)
    stack = localise(translated, key_arn=key_arn, api_url=api_url)
    wanted = _wanted(translated)
    stack["Outputs"] = {**stack.get("Outputs", {}), **{key: {"Value": value} for key, value in wanted.items()}}
    outputs = _create_stack(stack, parameters, clients)
    resolved = {key: outputs.pop(key, "") for key in wanted}
    resources = {
        one["LogicalResourceId"]: one["PhysicalResourceId"]
        for one in clients("cloudformation").describe_stack_resources(StackName=STACK)["StackResources"]
    }
    resources.update({name: key_arn for name, _ in resources_of(translated, "AWS::KMS::Key")})
    _lock_buckets(translated, resources, parameters, sam, clients)
    for name, policy in resources_of(translated, "AWS::S3::BucketPolicy"):
        if document := _enforceable(json.loads(resolved[_key(name, "Policy")])):
            clients("s3").put_bucket_policy(Bucket=resources[policy["Bucket"]["Ref"]], Policy=json.dumps(document))
    functions = _functions(translated, resources, clients)
    _check_environments(sam, functions)
    resources.update(_create_machines(sam, translated, resolved, template_path.parent, clients))
    if "ApiUrl" in outputs:
        outputs["ApiUrl"] = api_url
    schedules = {
        name: (one["ScheduleExpression"], resolved[_key(name, "Target")], one["Target"].get("Input", "{}"))
        for name, one in resources_of(translated, "AWS::Scheduler::Schedule")
    }
    return Deployment(functions, outputs, resources, schedules)


def verify_sender(address: str, clients: Clients) -> None:
    """Make `address` a verified identity, as an operator does once by hand."""
    clients("sesv2").create_email_identity(EmailIdentity=parseaddr(address)[1] or address)


def _key(*parts: str) -> str:
    return re.sub(r"\W", "", "Local" + "".join(parts))


def _wanted(translated: Json) -> dict[str, Any]:
    """Return what CloudFormation shall resolve for us, as extra outputs: values of what we create by API."""
    wanted: dict[str, Any] = {}
    for name, machine in resources_of(translated, "AWS::StepFunctions::StateMachine"):
        wanted[_key(name, "Name")] = machine["StateMachineName"]
        for placeholder, value in machine.get("DefinitionSubstitutions", {}).items():
            wanted[_key(name, "Sub", placeholder)] = value
    for name, policy in resources_of(translated, "AWS::S3::BucketPolicy"):
        wanted[_key(name, "Policy")] = {"Fn::ToJsonString": policy["PolicyDocument"]}
    for name, schedule in resources_of(translated, "AWS::Scheduler::Schedule"):
        wanted[_key(name, "Target")] = schedule["Target"]["Arn"]
    return wanted


def _create_key(translated: Json, clients: Clients) -> str:
    """Create the stack's key by API; return its ARN."""
    keys = list(resources_of(translated, "AWS::KMS::Key"))
    if not keys:
        return ""
    if len(keys) > 1:
        raise DeployError("The local cloud knows one KMS key in a stack.")
    properties = keys[0][1]
    key = clients("kms").create_key(
        KeySpec=properties.get("KeySpec", "SYMMETRIC_DEFAULT"),
        KeyUsage=properties.get("KeyUsage", "ENCRYPT_DECRYPT"),
        Description=properties.get("Description", ""),
    )
    return str(key["KeyMetadata"]["Arn"])


def _create_stack(stack: Json, parameters: Mapping[str, str], clients: Clients) -> dict[str, str]:
    cloudformation = clients("cloudformation")
    cloudformation.create_stack(
        StackName=STACK,
        TemplateBody=json.dumps(stack),
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"],
    )
    described = cloudformation.describe_stacks(StackName=STACK)["Stacks"][0]
    if described["StackStatus"] != "CREATE_COMPLETE":
        raise DeployError(f"The stack ended as {described['StackStatus']}: {described.get('StackStatusReason', '')}")
    return {one["OutputKey"]: one["OutputValue"] for one in described.get("Outputs", [])}


def _lock_buckets(
    translated: Json, resources: Mapping[str, str], parameters: Mapping[str, str], sam: Json, clients: Clients
) -> None:
    """Set versioning and Object Lock by API: moto's CloudFormation drops both without a word."""

    def value(node: Any) -> Any:  # noqa: ANN401 - a literal or a Ref to a parameter
        if isinstance(node, dict) and "Ref" in node:
            return parameters.get(node["Ref"], sam["Parameters"][node["Ref"]].get("Default"))
        return node

    s3 = clients("s3")
    for name, bucket in resources_of(translated, "AWS::S3::Bucket"):
        if bucket.get("VersioningConfiguration", {}).get("Status") == "Enabled" or bucket.get("ObjectLockEnabled"):
            s3.put_bucket_versioning(Bucket=resources[name], VersioningConfiguration={"Status": "Enabled"})
        if bucket.get("ObjectLockEnabled"):
            configuration: Json = {"ObjectLockEnabled": "Enabled"}
            rule = bucket.get("ObjectLockConfiguration", {}).get("Rule", {}).get("DefaultRetention")
            if rule:
                retention = {key: value(one) for key, one in rule.items()}
                retention.update({key: int(retention[key]) for key in ("Days", "Years") if key in retention})
                configuration["Rule"] = {"DefaultRetention": retention}
            s3.put_object_lock_configuration(Bucket=resources[name], ObjectLockConfiguration=configuration)


def _enforceable(policy: Json) -> Json | None:
    """Return the part of a bucket policy that moto reads as AWS does: it knows no conditions ("not without TLS")."""
    statements = [one for one in policy["Statement"] if "Condition" not in one]
    return {**policy, "Statement": statements} if statements else None


def _functions(translated: Json, resources: Mapping[str, str], clients: Clients) -> dict[str, Function]:
    retries = {
        one["FunctionName"]["Ref"]: int(one.get("MaximumRetryAttempts", 2))
        for _, one in resources_of(translated, "AWS::Lambda::EventInvokeConfig")
    }
    found = {}
    for name, properties in resources_of(translated, "AWS::Lambda::Function"):
        deployed = clients("lambda").get_function_configuration(FunctionName=resources[name])
        image = properties.get("PackageType") == "Image"
        found[name] = Function(
            logical_id=name,
            name=resources[name],
            arn=deployed["FunctionArn"],
            handler=properties["ImageConfig"]["Command"][0] if image else properties["Handler"],
            timeout=float(properties.get("Timeout", 3)),
            memory=int(properties.get("MemorySize", 128)),
            variables=deployed.get("Environment", {}).get("Variables", {}),
            log_format=properties.get("LoggingConfig", {}).get("LogFormat", "Text"),
            workers=IMAGE_WORKERS if image else WORKERS,
            async_retries=retries.get(name, 2),
        )
    return found


def _check_environments(sam: Json, functions: Mapping[str, Function]) -> None:
    for name, variables in template_variables(sam).items():
        lost = sorted(variables - set(functions[name].variables))
        if lost:
            raise DeployError(f"{name} lost {', '.join(lost)} on the way: what they refer to has no stand-in.")


def _create_machines(sam: Json, translated: Json, resolved: Mapping[str, str], root: Path, clients: Clients) -> Json:
    """Create the state machines from the shipped definitions; return their ARNs by logical id."""
    arns = {}
    for name, machine in resources_of(translated, "AWS::StepFunctions::StateMachine"):
        text = (root / sam["Resources"][name]["Properties"]["DefinitionUri"]).read_text("utf-8")
        for placeholder in machine.get("DefinitionSubstitutions", {}):
            text = text.replace(f"${{{placeholder}}}", resolved[_key(name, "Sub", placeholder)])
        if left := sorted(set(re.findall(r"\$\{(\w+)\}", text))):
            raise DeployError(f"{name}: nothing is substituted for {', '.join(left)}.")
        definition = json.loads(text)
        each_state(definition["States"], _allow_for_queues)
        created = clients("stepfunctions").create_state_machine(
            name=resolved[_key(name, "Name")],
            definition=json.dumps(definition),
            roleArn="arn:aws:iam::123456789012:role/local",
            type=machine.get("StateMachineType", "STANDARD"),
        )
        arns[name] = created["stateMachineArn"]
    return arns


def _allow_for_queues(state: Json) -> None:
    if state.get("Resource", "").endswith("lambda:invoke") and "TimeoutSeconds" in state:
        state["TimeoutSeconds"] += QUEUE_SECONDS
