"""Starts a local cloud with a busy worker and ends in the way that it is told: for the test that nothing is left."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from pathlib import Path

from infra.local.cloud import LocalCloud

HERE = Path(__file__).parent


def main(file: Path, how: str) -> None:
    with LocalCloud() as cloud:
        cloud.add_function("Outlive", "probe.handler", HERE, timeout=300)
        event = {"do": "spawn and sleep", "file": str(file), "seconds": 300}
        threading.Thread(target=cloud.invoke, args=("Outlive", event), daemon=True).start()
        while not file.exists() or len(file.read_text().split()) < 2:  # the child's id and the worker's
            time.sleep(0.05)
        match how:
            case "exception":
                raise RuntimeError("as asked")
            case "SIGTERM" | "SIGKILL" | "SIGINT":
                os.kill(os.getpid(), getattr(signal, how))
                time.sleep(30)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
