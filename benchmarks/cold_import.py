"""Cold import of each room's handler, as a ratio to a careless set of imports.

``.venv/bin/python -m benchmarks.cold_import``. Each import runs in a fresh interpreter, careless and room in turn
(A B A B …), and the ratio is taken pair by pair. A room with an AWS client must reach 0.55.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
FUNCTIONS = ROOT / "functions"
CARELESS = (
    "import boto3, pydantic; boto3.client('s3'); boto3.client('dynamodb');"
    "from aws_lambda_powertools import Logger, Tracer;"
    "from aws_lambda_powertools.event_handler import APIGatewayHttpResolver;"
    "APIGatewayHttpResolver(enable_validation=True)"
)
RUNS = 5
SETTINGS = (
    "CASE_TABLE CUSTODY_TABLE EVIDENCE_BUCKET WORK_BUCKET SIGNING_KEY NOTICE_SENDER CASE_MACHINE_ARN WATCH_MACHINE_ARN "
    "SEND_MACHINE_ARN BUILD_BUNDLE_FUNCTION PREPARER_ROLES APPROVER_ROLES AUDITOR_ROLES CHROMIUM_PATH"
)


def seconds(code: str) -> float:
    """Run `code` in a fresh interpreter; return its wall time."""
    environment = {
        **dict.fromkeys(SETTINGS.split(), "x"),
        "TSA_URLS": "x=https://tsa.example.com",
        "WATCH_POLICY": "standard",
        "AWS_DEFAULT_REGION": "us-east-1",
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(FUNCTIONS),
    }
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True, env=environment, capture_output=True)  # noqa: S603 - ours
    return time.perf_counter() - started


def main() -> None:
    """Print a table."""
    rooms = sorted(path.parent.name for path in FUNCTIONS.glob("*/app.py"))
    empty = statistics.median(seconds("pass") for _ in range(RUNS))
    print(f"{'room':16} {'ratio':>6} {'min':>6} {'max':>6}   (interpreter alone {empty * 1000:.0f} ms, taken off both)")
    for room in rooms:
        code = f"import {room}.app"
        seconds(code)  # compiled files and caches
        ratios = [(seconds(code) - empty) / (seconds(CARELESS) - empty) for _ in range(RUNS)]
        print(f"{room:16} {statistics.median(ratios):6.2f} {min(ratios):6.2f} {max(ratios):6.2f}")


if __name__ == "__main__":
    main()
