"""The local cloud keeps what AWS promises, where the product relies on it."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import urllib3
from botocore.exceptions import ClientError
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from rfc3161_client import TimestampRequestBuilder, VerifierBuilder, decode_timestamp_response

from infra.local.cloud import ROOT, AlreadyRunningError, LocalCloud
from infra.local.translate import read_template, template_variables

PROBES = Path(__file__).parent / "probe"


@pytest.fixture(scope="module")
def probe(cloud: LocalCloud) -> str:
    return cloud.add_function("Probe", "probe.handler", PROBES, timeout=2)


def probe_name(arn: str) -> str:
    return arn.rpartition(":")[2]


def gone(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text("ascii").rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return True
    return state == "Z"


def refused(call: Any, **arguments: Any) -> str:  # noqa: ANN401 - any client method
    with pytest.raises(ClientError) as refusal:
        call(**arguments)
    return str(refusal.value.response["Error"]["Code"])


# --- Functions --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("do", "reason"), [("exit", "exit status 3"), ("kill", "signal 9")])
def test_a_worker_that_dies_fails_its_call_and_is_replaced(cloud: LocalCloud, probe: str, do: str, reason: str) -> None:
    before = cloud.invoke(probe, {})["pid"]
    failed = cloud.invoke(probe, {"do": do})
    assert failed["errorType"] == "Runtime.ExitError"
    assert reason in failed["errorMessage"]
    assert cloud.invoke(probe, {})["pid"] != before


def test_a_call_that_takes_too_long_is_ended_with_everything_it_started(
    cloud: LocalCloud, probe: str, tmp_path: Path
) -> None:
    file = tmp_path / "processes"
    started = time.monotonic()
    failed = cloud.invoke(probe, {"do": "spawn and sleep", "file": str(file), "seconds": 60})
    assert failed["errorType"] == "Sandbox.Timedout"
    assert time.monotonic() - started < 10
    assert all(gone(int(process)) for process in file.read_text().split())


def test_a_function_that_cannot_start_says_which_setting_is_missing(cloud: LocalCloud) -> None:
    broken = cloud.add_function("Broken", "broken.handler", PROBES)
    for _ in range(2):
        assert "A_SETTING_THAT_IS_MISSING" in cloud.invoke(broken, {})["errorMessage"]


def test_calls_at_once_get_workers_of_their_own(cloud: LocalCloud, tmp_path: Path) -> None:
    crowd = cloud.add_function("Crowd", "probe.handler", PROBES, workers=3)
    events = [{"do": "spawn and sleep", "file": str(tmp_path / str(n)), "seconds": 0.5} for n in range(6)]
    with ThreadPoolExecutor(6) as threads:
        pids = {answer["pid"] for answer in threads.map(lambda event: cloud.invoke(crowd, event), events)}
    assert 1 < len(pids) <= 3


def test_a_worker_sees_its_own_environment_and_not_ours(cloud: LocalCloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOMETHING_OF_OURS", "1")
    function = cloud.add_function("Environment", "probe.handler", PROBES, variables={"CASE_TABLE": "cases"})
    seen = cloud.invoke(function, {"do": "environment"})
    assert seen["CASE_TABLE"] == "cases"
    assert seen["AWS_ENDPOINT_URL"] == cloud.moto_url
    assert "SOMETHING_OF_OURS" not in seen


def test_no_function_lost_a_variable_of_the_template(cloud: LocalCloud) -> None:
    asked = template_variables(read_template(ROOT / "template.yaml"))
    assert {name: set(variables) for name, variables in cloud.deployment.function_environments().items()} == asked


def test_a_function_calls_another_through_the_api(cloud: LocalCloud, probe: str) -> None:
    answer = cloud.client("lambda").invoke(FunctionName=probe, Payload=b'{"x": 1}')
    assert json.load(answer["Payload"])["event"] == {"x": 1}
    failed = cloud.client("lambda").invoke(FunctionName="Probe", Payload=b'{"do": "raise"}')
    assert failed["FunctionError"] == "Unhandled"
    assert json.load(failed["Payload"])["errorType"] == "RetryableError"
    assert refused(cloud.client("lambda").invoke, FunctionName="Nobody") == "ResourceNotFoundException"


def test_an_asynchronous_call_that_keeps_failing_becomes_a_dead_letter(cloud: LocalCloud, probe: str) -> None:
    accepted = cloud.client("lambda").invoke(FunctionName=probe, InvocationType="Event", Payload=b'{"do": "raise"}')
    assert accepted["StatusCode"] == 202
    until = time.monotonic() + 20
    while not any(letter["function"] == probe_name(probe) for letter in cloud.dead_letters):
        assert time.monotonic() < until, "no dead letter came"
        time.sleep(0.1)


def test_one_process_holds_one_cloud(cloud: LocalCloud) -> None:
    assert cloud.api_url
    with pytest.raises(AlreadyRunningError), LocalCloud():
        pass


@pytest.mark.parametrize("how", ["SIGKILL", "exception", pytest.param("SIGTERM", marks=pytest.mark.slow)])
def test_nothing_is_left_behind(tmp_path: Path, how: str) -> None:
    file = tmp_path / "processes"
    command = [sys.executable, str(PROBES / "outlive.py"), str(file), how]
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'functions'}", "TMPDIR": str(tmp_path)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=120)
    assert file.exists(), done.stderr
    assert done.returncode != 0
    until = time.monotonic() + 10
    while not all(gone(int(process)) for process in file.read_text().split()) and time.monotonic() < until:
        time.sleep(0.05)
    assert all(gone(int(process)) for process in file.read_text().split())
    if how != "SIGKILL":
        assert not list(tmp_path.glob("takedown-*"))


# --- Storage, keys, mail, time stamps ---------------------------------------------------------------------------------


@pytest.fixture
def locked(cloud: LocalCloud, request: pytest.FixtureRequest) -> dict[str, str]:
    """One object in the evidence bucket, locked by the bucket's default."""
    where = {"Bucket": cloud.resources["EvidenceBucket"], "Key": f"test/{request.node.name}"}
    put = cloud.client("s3").put_object(**where, Body=b"evidence", ChecksumAlgorithm="SHA256")
    return {**where, "VersionId": put["VersionId"]}


def test_evidence_cannot_be_deleted(cloud: LocalCloud, locked: dict[str, str]) -> None:
    s3 = cloud.client("s3")
    assert s3.head_object(**locked)["ObjectLockMode"] == "COMPLIANCE"
    assert refused(s3.delete_object, **locked) == "AccessDenied"
    assert refused(s3.delete_object, Bucket=locked["Bucket"], Key=locked["Key"]) == "AccessDenied"
    assert s3.get_object(**locked)["Body"].read() == b"evidence"


def test_retention_can_be_extended_and_never_shortened(cloud: LocalCloud, locked: dict[str, str]) -> None:
    s3 = cloud.client("s3")
    until = s3.get_object_retention(**locked)["Retention"]["RetainUntilDate"]
    shorter = {"Mode": "COMPLIANCE", "RetainUntilDate": until - timedelta(days=1)}
    weaker = {"Mode": "GOVERNANCE", "RetainUntilDate": until + timedelta(days=1)}
    assert refused(s3.put_object_retention, **locked, Retention=shorter) == "AccessDenied"
    assert refused(s3.put_object_retention, **locked, Retention=weaker) == "AccessDenied"
    s3.put_object_retention(**locked, Retention={"Mode": "COMPLIANCE", "RetainUntilDate": until + timedelta(days=1)})
    assert s3.get_object_retention(**locked)["Retention"]["RetainUntilDate"] > until


def test_bytes_that_do_not_match_their_checksum_are_refused(cloud: LocalCloud) -> None:
    s3 = cloud.client("s3")
    where = {"Bucket": cloud.resources["EvidenceBucket"], "Key": "test/checksum"}
    other = base64.b64encode(hashlib.sha256(b"other").digest()).decode()
    checked = {"Body": b"evidence", "ChecksumAlgorithm": "SHA256"}
    assert refused(s3.put_object, **where, **checked, ChecksumSHA256=other) == "BadDigest"
    right = base64.b64encode(hashlib.sha256(b"evidence").digest()).decode()
    assert s3.put_object(**where, **checked, ChecksumSHA256=right)["ChecksumSHA256"] == right


def test_of_many_that_create_one_object_one_wins(cloud: LocalCloud) -> None:
    s3, bucket = cloud.client("s3"), cloud.resources["EvidenceBucket"]

    def create(round_: int) -> bool:
        try:
            s3.put_object(Bucket=bucket, Key=f"test/race/{round_}", Body=b"x", IfNoneMatch="*")
        except ClientError as error:
            assert error.response["Error"]["Code"] == "PreconditionFailed"  # noqa: PT017 - the losers' reason
            return False
        return True

    with ThreadPoolExecutor(8) as threads:
        for round_ in range(10):
            assert sum(threads.map(create, [round_] * 8)) == 1


def test_a_presigned_url_ends(cloud: LocalCloud, locked: dict[str, str]) -> None:
    url = cloud.client("s3").generate_presigned_url("get_object", Params=locked, ExpiresIn=1)
    assert urllib3.request("GET", url).data == b"evidence"
    time.sleep(2.1)
    assert urllib3.request("GET", url).status == 403


def test_of_many_conditional_writes_one_wins(cloud: LocalCloud) -> None:
    dynamodb, table = cloud.client("dynamodb"), cloud.resources["CaseTable"]

    def claim(round_: int) -> bool:
        item = {"pk": {"S": f"race#{round_}"}, "sk": {"S": "claim"}}
        try:
            dynamodb.put_item(TableName=table, Item=item, ConditionExpression="attribute_not_exists(pk)")
        except dynamodb.exceptions.ConditionalCheckFailedException:
            return False
        return True

    with ThreadPoolExecutor(8) as threads:
        for round_ in range(20):
            assert sum(threads.map(claim, [round_] * 8)) == 1


def test_a_transaction_that_is_sent_twice_is_written_once(cloud: LocalCloud) -> None:
    dynamodb, table = cloud.client("dynamodb"), cloud.resources["CaseTable"]
    put = {
        "TableName": table,
        "Item": {"pk": {"S": "transaction"}, "sk": {"S": "once"}},
        "ConditionExpression": "attribute_not_exists(pk)",
    }
    for _ in range(2):  # the second time the condition would fail, if it were looked at
        dynamodb.transact_write_items(TransactItems=[{"Put": put}], ClientRequestToken="one-token")
    again = {"TransactItems": [{"Put": put}], "ClientRequestToken": "another"}
    assert refused(dynamodb.transact_write_items, **again) == "TransactionCanceledException"


def test_the_key_signs_up_to_4096_bytes_as_openssl_would_verify(cloud: LocalCloud) -> None:
    kms, key = cloud.client("kms"), cloud.outputs["SigningKeyArn"]
    sign = {"KeyId": key, "MessageType": "RAW", "SigningAlgorithm": "ECDSA_SHA_256"}
    signature = kms.sign(Message=b"x" * 4096, **sign)["Signature"]
    public = serialization.load_pem_public_key(cloud.signing_key_pem.read_bytes())
    assert isinstance(public, ec.EllipticCurvePublicKey)
    public.verify(signature, b"x" * 4096, ec.ECDSA(hashes.SHA256()))
    assert refused(kms.sign, Message=b"x" * 4097, **sign) == "ValidationException"
    assert refused(kms.sign, Message=b"x" * 32, **{**sign, "MessageType": "DIGEST"}) == "ValidationException"


def test_a_disabled_key_signs_nothing(cloud: LocalCloud) -> None:
    kms = cloud.client("kms")
    key = kms.create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["KeyId"]
    kms.disable_key(KeyId=key)
    assert refused(kms.sign, KeyId=key, Message=b"x", SigningAlgorithm="ECDSA_SHA_256") == "DisabledException"


def test_time_stamps_verify_with_openssl_and_with_our_library(cloud: LocalCloud, tmp_path: Path) -> None:
    def stamp(number: int) -> bytes:
        query = TimestampRequestBuilder().data(b"%d" % number).build()
        kind = {"Content-Type": "application/timestamp-query"}
        answer = urllib3.request("POST", cloud.tsa.query_url, body=query.as_bytes(), headers=kind)
        assert answer.status == 200
        return answer.data

    with ThreadPoolExecutor(8) as threads:
        replies = list(threads.map(stamp, range(16)))
    root = x509.load_pem_x509_certificate(cloud.tsa_root_pem.read_bytes())
    verifier = VerifierBuilder().add_root_certificate(root).build()
    for number, reply in enumerate(replies):
        assert verifier.verify_message(decode_timestamp_response(reply), b"%d" % number)
    serials = {decode_timestamp_response(reply).tst_info.serial_number for reply in replies}
    assert len(serials) == len(replies)
    assert "NOT FOR EVIDENCE" in root.subject.rfc4514_string()
    (tmp_path / "data").write_bytes(b"0")
    (tmp_path / "reply.tsr").write_bytes(replies[0])
    verify = ["openssl", "ts", "-verify", "-data", "data", "-in", "reply.tsr", "-CAfile", str(cloud.tsa_root_pem)]
    assert subprocess.run(verify, cwd=tmp_path, capture_output=True, check=False).returncode == 0


def test_a_mail_is_kept_shown_and_handed_on(cloud: LocalCloud, mails: list[bytes]) -> None:
    sender = cloud.deployment.function_environments()["DraftNoticesFunction"]["NOTICE_SENDER"]
    mail = f"From: {sender}\r\nTo: agent@shop.example\r\nSubject: <b>Notice</b>\r\n\r\nText\r\n".encode()
    to = {"ToAddresses": ["agent@shop.example"]}
    cloud.client("sesv2").send_email(FromEmailAddress=sender, Destination=to, Content={"Raw": {"Data": mail}})
    assert mail in mails
    assert mail in [kept.read_bytes() for kept in cloud.outbox_dir.iterdir()]
    page = urllib3.request("GET", cloud.outbox_url)
    assert b"&lt;b&gt;Notice" in page.data
    assert b"<b>Notice" not in page.data
    stranger = {"FromEmailAddress": "nobody@else.example", "Destination": to, "Content": {"Raw": {"Data": mail}}}
    assert refused(cloud.client("sesv2").send_email, **stranger) == "MessageRejected"


# --- The API and the schedules ----------------------------------------------------------------------------------------


def test_the_api_refuses_a_caller_that_it_does_not_know(cloud: LocalCloud) -> None:
    for headers in ({}, {"Authorization": "Bearer nobody"}, {"Authorization": "Basic dev-preparer"}):
        answer = urllib3.request("GET", f"{cloud.api_url}/cases", headers=headers)
        assert answer.status == 403
        assert answer.headers["Content-Type"] == "application/problem+json"


def test_the_api_answers_to_its_own_name_only(cloud: LocalCloud) -> None:
    headers = {**cloud.authorization("dev-preparer"), "Host": "evil.example"}
    assert urllib3.request("GET", f"{cloud.api_url}/cases", headers=headers).status == 403


def test_the_api_answers_a_principal(cloud: LocalCloud) -> None:
    answer = urllib3.request("GET", f"{cloud.api_url}/cases", headers=cloud.authorization("dev-preparer"))
    assert answer.status == 200


def test_a_schedule_fires_when_asked(cloud: LocalCloud) -> None:
    assert set(cloud.fire("RecheckDueFunction")) == {"started"}
    with pytest.raises(KeyError):
        cloud.fire("NoSuchSchedule")


# --- State machines ---------------------------------------------------------------------------------------------------


class Machines:
    """Runs small state machines of the test's own."""

    def __init__(self, cloud: LocalCloud, probe: str) -> None:
        self.cloud = cloud
        self.probe = probe
        self.states = cloud.client("stepfunctions")

    def call(self, payload: dict[str, Any], **more: Any) -> dict[str, Any]:  # noqa: ANN401
        return {
            "Type": "Task",
            "Resource": "arn:aws:states:::lambda:invoke",
            "Parameters": {"FunctionName": self.probe, "Payload": payload},
            "OutputPath": "$.Payload",
            "TimeoutSeconds": 20,
            **({} if "Next" in more else {"End": True}),
            **more,
        }

    def distributed(self, items: list[Any], states: dict[str, Any], **more: Any) -> dict[str, Any]:  # noqa: ANN401
        key = f"manifest-{time.monotonic_ns()}.json"
        bucket = self.cloud.resources["WorkBucket"]
        self.cloud.client("s3").put_object(Bucket=bucket, Key=key, Body=json.dumps(items))
        return {
            "Type": "Map",
            "ItemReader": {
                "Resource": "arn:aws:states:::s3:getObject",
                "ReaderConfig": {"InputType": "JSON"},
                "Parameters": {"Bucket": bucket, "Key": key},
            },
            "ItemProcessor": {
                "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
                "StartAt": next(iter(states)),
                "States": states,
            },
            "MaxConcurrency": 40,
            "ToleratedFailurePercentage": 100.0,
            "End": True,
            **more,
        }

    def start(self, states: dict[str, Any], given: dict[str, Any] | None = None) -> str:
        name = f"machine-{time.monotonic_ns()}"
        definition = json.dumps({"StartAt": next(iter(states)), "States": states})
        role = "arn:aws:iam::123456789012:role/test"
        machine = self.states.create_state_machine(name=name, definition=definition, roleArn=role)
        started = self.states.start_execution(stateMachineArn=machine["stateMachineArn"], input=json.dumps(given or {}))
        return str(started["executionArn"])

    def finish(self, execution: str) -> dict[str, Any]:
        until = time.monotonic() + 60
        while (found := self.states.describe_execution(executionArn=execution))["status"] == "RUNNING":
            assert time.monotonic() < until, "the execution does not end"
            time.sleep(0.02)
        return {**found, "output": json.loads(found.get("output") or "null")}

    def run(self, states: dict[str, Any], given: dict[str, Any] | None = None) -> dict[str, Any]:
        return self.finish(self.start(states, given))


@pytest.fixture
def machines(cloud: LocalCloud, probe: str) -> Machines:
    return Machines(cloud, probe)


RETRY = [{"ErrorEquals": ["RetryableError"], "IntervalSeconds": 1, "MaxAttempts": 2, "JitterStrategy": "FULL"}]


def test_wait_ends_at_its_instant_and_not_before(machines: Machines) -> None:
    at = datetime.now(UTC) + timedelta(seconds=1.3)
    text = f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z"
    assert machines.run({"Wait": {"Type": "Wait", "TimestampPath": "$.at", "End": True}}, {"at": text})["status"]
    assert -0.002 < (datetime.now(UTC) - at).total_seconds() < 2


def test_a_retry_knows_its_number_inside_a_map(machines: Machines) -> None:
    payload = {"do": "raise until", "until": 2, "retry.$": "$$.State.RetryCount"}
    done = machines.run({"Map": machines.distributed([1, 2], {"Try": machines.call(payload, Retry=RETRY)})})
    assert [item["event"]["retry"] for item in done["output"]] == [2, 2]


@pytest.mark.parametrize(
    ("do", "error"),
    [("raise", "RetryableError"), ("kill", "Runtime.ExitError"), ("spawn and sleep", "Sandbox.Timedout")],
)
def test_catch_sees_the_errors_that_lambda_names(machines: Machines, tmp_path: Path, do: str, error: str) -> None:
    payload = {"do": do, "file": str(tmp_path / "processes"), "seconds": 60}
    catch = [{"ErrorEquals": [error], "ResultPath": "$.error", "Next": "Caught"}]
    done = machines.run({"Try": machines.call(payload, Catch=catch), "Caught": {"Type": "Pass", "End": True}})
    assert done["status"] == "SUCCEEDED"
    assert done["output"]["error"]["Error"] == error


def test_a_result_beyond_256_kib_fails_the_state(machines: Machines) -> None:
    done = machines.run({"Much": machines.call({"do": "much", "size": 262_144})})
    assert (done["status"], done["error"]) == ("FAILED", "States.DataLimitExceeded")


def test_a_map_over_nothing_succeeds(machines: Machines) -> None:
    done = machines.run({"Map": machines.distributed([], {"Call": machines.call({})}, ResultPath=None)}, {"keep": 1})
    assert (done["status"], done["output"]) == ("SUCCEEDED", {"keep": 1})


def test_one_failure_does_not_stop_the_other_items(machines: Machines) -> None:
    items = [{"do": "raise"} if number == 3 else {"number": number} for number in range(8)]
    call = machines.call({}, Parameters={"FunctionName": machines.probe, "Payload.$": "$"})
    done = machines.run({"Map": machines.distributed(items, {"Call": call})})
    assert [item and item["event"]["number"] for item in done["output"]] == [0, 1, 2, None, 4, 5, 6, 7]
    strict = machines.distributed(items, {"Call": call}, ToleratedFailurePercentage=10.0)
    assert machines.run({"Map": strict})["error"] == "States.ExceedToleratedFailureThreshold"


def test_each_item_of_a_map_waits_for_its_own_token(machines: Machines, tmp_path: Path) -> None:
    wait = {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken",
        "Parameters": {
            "FunctionName": machines.probe,
            "Payload": {
                "do": "keep token",
                "folder": str(tmp_path),
                "item.$": "$.item",
                "token.$": "$$.Task.Token",
            },
        },
        "TimeoutSeconds": 7_776_000,
        "ResultPath": "$.decision",
        "End": True,
    }
    items = [{"item": number} for number in range(3)]
    execution = machines.start({"Map": machines.distributed(items, {"Wait": wait}, MaxConcurrency=1000)})
    for number in (2, 0, 1):
        file = tmp_path / str(number)
        until = time.monotonic() + 20
        while not (file.exists() and file.read_text()) and time.monotonic() < until:
            time.sleep(0.02)
        answer = {"taskToken": file.read_text(), "output": json.dumps({"approved": number != 1})}
        machines.states.send_task_success(**answer)
        assert refused(machines.states.send_task_success, **answer) == "TaskTimedOut"
    decided = [item["decision"]["approved"] for item in machines.finish(execution)["output"]]
    assert decided == [True, False, True]
    late = {"taskToken": (tmp_path / "0").read_text(), "output": "{}"}
    assert refused(machines.states.send_task_success, **late) == "TaskTimedOut"


def test_an_execution_name_starts_once(machines: Machines) -> None:
    wait = {"StartAt": "Wait", "States": {"Wait": {"Type": "Wait", "Seconds": 2, "End": True}}}
    role = "arn:aws:iam::123456789012:role/test"
    created = machines.states.create_state_machine(name="once", definition=json.dumps(wait), roleArn=role)
    start = {"stateMachineArn": created["stateMachineArn"], "name": "case-listing-1", "input": "{}"}
    with ThreadPoolExecutor(8) as threads:
        started = list(threads.map(lambda _: machines.states.start_execution(**start), range(8)))
    assert len({one["startDate"] for one in started}) == 1
    assert refused(machines.states.start_execution, **{**start, "input": '{"x": 1}'}) == "ExecutionAlreadyExists"
    machines.finish(started[0]["executionArn"])
    assert refused(machines.states.start_execution, **start) == "ExecutionAlreadyExists"


def test_two_hundred_items_with_two_calls_each(machines: Machines) -> None:
    states = {"One": machines.call({"item.$": "$"}, Next="Two"), "Two": machines.call({"item.$": "$.event.item"})}
    started = time.monotonic()
    done = machines.run({"Map": machines.distributed(list(range(200)), states)})
    assert [item["event"]["item"] for item in done["output"]] == list(range(200))
    assert time.monotonic() - started < 30
