"""A function that does what a test asks of it: the machinery's tests need one that misbehaves."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Any


class RetryableError(Exception):
    """As the product's own: state machines match the name."""


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ANN401, ARG001 - Lambda's signature
    match event.get("do"):
        case "raise":
            raise RetryableError("not now")
        case "raise until":
            # Fails in its first tries, which only $$.State.RetryCount can tell.
            if event["retry"] < event["until"]:
                raise RetryableError(f"try {event['retry']}")
        case "exit":
            os._exit(3)
        case "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        case "spawn and sleep":
            # As Chromium does: in a session of its own, out of reach of a killpg.
            child = subprocess.Popen(["sleep", "600"], start_new_session=True)
            Path(event["file"]).write_text(f"{child.pid} {os.getpid()}")
            time.sleep(event["seconds"])
        case "keep token":
            Path(event["folder"], str(event["item"])).write_text(event["token"])
        case "much":
            return {"text": "x" * event["size"]}
        case "environment":
            return dict(os.environ)
    return {"event": event, "pid": os.getpid()}
