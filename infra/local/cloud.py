"""Takedown on one machine: the shipped template, state machines and functions, without an AWS account or Docker.

    with LocalCloud(Options(allow_hosts=["127.0.0.1:9999"])) as cloud:
        urllib3.request("GET", f"{cloud.api_url}/cases", headers=cloud.authorization("dev-preparer"))

State lives in memory and in a temporary folder; the seals are made with a throwaway key and are worth nothing in court.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from infra.local import ensure_chromium
from infra.local.aws import Clients, moto_server
from infra.local.calls import Answer, FunctionSpec
from infra.local.deploy import WORKERS, Deployment, Function, deploy, verify_sender
from infra.local.front import PRINCIPALS, Front, Principal
from infra.local.lifetime import sigterm_as_exit, temporary_folder
from infra.local.moto_seams import ACCOUNT, REGION, seams, stop_executions
from infra.local.outbox import Outbox
from infra.local.runtime import LambdaRuntime
from infra.local.sandbox import Surroundings
from infra.local.schedule import Schedules
from infra.local.tsa import TimeStampAuthority, fingerprint

logger = logging.getLogger(__name__)

ROOT = Path(__file__).resolve().parents[2]
SENDER = "notices@legal.example"
API_FUNCTION = "ApiFunction"


@dataclass(frozen=True)
class Options:
    """How to start the local cloud."""

    parameters: Mapping[str, str] = field(default_factory=dict)
    """Values for the template's Parameters; those that only the local cloud can know have one already."""
    allow_hosts: Sequence[str] = ()
    """``host:port`` exceptions to the address guard, for a marketplace on loopback."""
    environment: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Extra environment variables by logical id of the function; ``*`` for all. For fault injection."""
    workers: Mapping[str, int] = field(default_factory=dict)
    """Most workers at once, by logical id, where it shall differ from the default."""
    on_mail: Callable[[bytes], None] | None = None
    """Given the bytes of every mail that SES accepted, before the call that sent it returns."""
    schedule_seconds: float | None = None
    """Interval that takes the place of every schedule's rate; None keeps the template's."""
    state_dir: Path | None = None
    """Where logs, mails and the TSA's files go. By default a temporary folder that is removed at the end."""
    api_port: int = 0
    moto_port: int = 0
    outbox_port: int = 0
    tsa_port: int = 0
    template: Path = ROOT / "template.yaml"
    functions: Path = ROOT / "functions"


class AlreadyRunningError(RuntimeError):
    """moto's state belongs to a process: there is one local cloud in each."""


_running = threading.Lock()


class LocalCloud:
    """The local cloud; a context manager. Leaves no process behind, however it ends.

    Parameters
    ----------
    options
        How to start it.
    """

    api_url: str
    moto_url: str
    outbox_url: str
    outbox_dir: Path
    state_dir: Path
    log_dir: Path
    """One ``<logical id>.log`` for each function: what its workers wrote."""
    tsa: TimeStampAuthority
    tsa_root_pem: Path
    deployment: Deployment
    runtime: LambdaRuntime
    schedules: Schedules
    signing_key_fingerprint: str
    """SHA-256 of the signing key's public key (DER, SubjectPublicKeyInfo), as hex."""
    signing_key_pem: Path
    """The public key, PEM."""
    principals: Mapping[str, Principal] = PRINCIPALS
    dead_letters: list[dict[str, str]]
    """Asynchronous calls that failed for good: function, payload, error."""

    def __init__(self, options: Options | None = None) -> None:
        self.options = options or Options()
        self._stack = ExitStack()
        self._clients: Clients
        self.dead_letters = []

    def __enter__(self) -> Self:
        """Start everything."""
        with ExitStack() as stack:
            if not _running.acquire(blocking=False):
                raise AlreadyRunningError("There is a local cloud in this process already.")
            stack.callback(_running.release)
            stack.enter_context(sigterm_as_exit())
            self._start(stack)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop everything."""
        self._stack.close()

    def client(self, service: str) -> Any:  # noqa: ANN401 - boto3's clients are made at run time
        """Return a boto3 client of the local AWS."""
        return self._clients(service)

    def authorization(self, token: str) -> dict[str, str]:
        """Return the header that makes a request one of a development principal."""
        return {"Authorization": f"Bearer {self.principals[token].token}"}

    @property
    def outputs(self) -> Mapping[str, str]:
        """The template's Outputs."""
        return self.deployment.outputs

    @property
    def resources(self) -> Mapping[str, str]:
        """Physical names by logical id: buckets, tables, functions; ARNs of state machines and of the key."""
        return self.deployment.resources

    def fire(self, schedule: str) -> Any:  # noqa: ANN401 - any JSON
        """Run the target of a schedule now, by its logical id or the beginning of it."""
        return self.schedules.fire(schedule)

    def invoke(self, function: str, event: Any) -> Any:  # noqa: ANN401 - any JSON
        """Call a function by its logical id; return its result, or its error as AWS describes it.

        An error has the keys ``errorType`` and ``errorMessage``.
        """
        return json.loads(self.runtime.invoke(function, json.dumps(event).encode()).payload)

    def add_function(
        self,
        name: str,
        handler: str,
        task_root: Path,
        *,
        timeout: float = 10,
        workers: int = WORKERS,
        variables: Mapping[str, str] | None = None,
    ) -> str:
        """Make one more function known, beside those of the template; return its ARN. For tests of the machinery."""
        arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"
        function = Function(
            logical_id=name,
            name=name,
            arn=arn,
            handler=handler,
            timeout=timeout,
            memory=128,
            variables=variables or {},
            log_format="Text",
            workers=workers,
            async_retries=2,
        )
        self.runtime.add(self._surroundings.spec(function, task_root))
        return arn

    def _start(self, stack: ExitStack) -> None:
        self.state_dir = self.options.state_dir or stack.enter_context(temporary_folder())
        self.log_dir = self.state_dir / "logs"
        for folder in (self.log_dir, self.state_dir / "tmp"):
            folder.mkdir(parents=True, exist_ok=True)
        self.tsa = stack.enter_context(TimeStampAuthority(self.state_dir / "tsa", self.options.tsa_port))
        self.tsa_root_pem = self.tsa.root_pem
        self.outbox_dir = self.state_dir / "outbox"
        outbox = Outbox(self.outbox_dir, self.options.on_mail, self.options.outbox_port)
        stack.callback(outbox.close)
        outbox.start()
        self.outbox_url = outbox.url
        self.moto_url = stack.enter_context(moto_server(self.options.moto_port))
        self._clients = Clients(self.moto_url)
        self._surroundings = Surroundings(
            endpoint=self.moto_url,
            logs=self.log_dir,
            temporary=self.state_dir / "tmp",
            extra=self.options.environment,
            workers=self.options.workers,
        )
        self.runtime = LambdaRuntime(self._dead_letter)
        stack.enter_context(seams(self.runtime, outbox.accept, self._clients))
        # Left in the other order: no new calls, then no more workers, then nothing for them to call.
        stack.callback(self.runtime.close)
        stack.callback(stop_executions)
        front = Front(self.runtime, API_FUNCTION, self.log_dir, self.options.api_port)
        stack.callback(front.close)
        self.api_url = front.url
        parameters = self._parameters()
        self.deployment = deploy(self.options.template, parameters, self._clients, api_url=self.api_url)
        if "NoticeSender" in parameters:
            verify_sender(parameters["NoticeSender"], self._clients)
        self._publish_key()
        for function in self.deployment.functions.values():
            self.runtime.add(self._surroundings.spec(function, self.options.functions))
        front.start()
        self.schedules = stack.enter_context(
            Schedules(self.deployment.schedules, self.runtime, self.options.schedule_seconds)
        )

    def _parameters(self) -> dict[str, str]:
        from infra.local.translate import read_template  # noqa: PLC0415 - keeps `infra.local.cloud` quick to import

        local = {
            "NoticeSender": SENDER,
            "TsaUrls": f"development={self.tsa.query_url}",
            "AllowHosts": ",".join(self.options.allow_hosts),
            "ChromiumPath": str(ensure_chromium.find() or ""),
        }
        known = read_template(self.options.template).get("Parameters", {})
        return {**{name: value for name, value in local.items() if name in known}, **self.options.parameters}

    def _publish_key(self) -> None:
        self.signing_key_pem = self.state_dir / "signing-key.pem"
        self.signing_key_fingerprint = ""
        arn = self.deployment.outputs.get("SigningKeyArn") or self.deployment.resources.get("SigningKey")
        if arn:
            from cryptography.hazmat.primitives import serialization  # noqa: PLC0415 - only here

            der = self.client("kms").get_public_key(KeyId=arn)["PublicKey"]
            self.signing_key_fingerprint = fingerprint(der)
            pem = serialization.load_der_public_key(der).public_bytes(
                serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
            )
            self.signing_key_pem.write_bytes(pem)

    def _dead_letter(self, function: FunctionSpec, payload: bytes, answer: Answer) -> None:
        letter = {
            "function": function.logical_id,
            "payload": payload.decode("utf-8", "replace"),
            "error": answer.payload.decode("utf-8", "replace"),
        }
        self.dead_letters.append(letter)
        logger.error("%s failed for good: %s", function.logical_id, letter["error"])
