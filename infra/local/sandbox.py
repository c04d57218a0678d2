"""What a worker finds around it: the environment that Lambda would give it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from infra.local.aws import CREDENTIALS
from infra.local.calls import FunctionSpec
from infra.local.deploy import Function
from infra.local.moto_seams import REGION

INHERITED = ("PATH", "HOME", "LANG")
"""All that a worker gets of this process's environment: a test must not pass because of a laptop's settings."""


@dataclass(frozen=True)
class Surroundings:
    """What is the same for every function."""

    endpoint: str
    """URL of the local AWS."""
    logs: Path
    temporary: Path
    extra: Mapping[str, Mapping[str, str]]
    """Further variables by logical id; ``*`` for all."""
    workers: Mapping[str, int]
    """Most workers at once, where it differs from the function's own."""

    def spec(self, function: Function, task_root: Path) -> FunctionSpec:
        """Return what the runtime needs to run `function` from the folder `task_root`."""
        return FunctionSpec(
            logical_id=function.logical_id,
            name=function.name,
            arn=function.arn,
            handler=function.handler,
            timeout=function.timeout,
            memory=function.memory,
            environment=self._environment(function, task_root),
            task_root=task_root,
            log_path=self.logs / f"{function.logical_id}.log",
            workers=self.workers.get(function.logical_id, function.workers),
            async_retries=function.async_retries,
        )

    def _environment(self, function: Function, task_root: Path) -> dict[str, str]:
        # https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime
        return {
            **{name: os.environ[name] for name in INHERITED if name in os.environ},
            **CREDENTIALS,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_EXECUTION_ENV": "AWS_Lambda_local",
            "AWS_LAMBDA_FUNCTION_NAME": function.name,
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory),
            "AWS_LAMBDA_LOG_FORMAT": function.log_format,
            "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{function.name}",
            "AWS_LAMBDA_LOG_STREAM_NAME": "local",
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            "LAMBDA_TASK_ROOT": str(task_root),
            "PYTHONPATH": str(task_root),
            "TMPDIR": str(self.temporary),
            "TZ": ":UTC",
            **function.variables,
            **self.extra.get("*", {}),
            **self.extra.get(function.logical_id, {}),
        }
