"""The house's walls: what may import what."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HOUSE = ROOT / "functions" / "takedown"
OUTSIDE = {"boto3", "botocore", "aws_lambda_powertools", "playwright"}
"""What only adapters and rooms may know."""
CLOCKS = {("datetime", "now"), ("datetime", "utcnow"), ("time", "time"), ("uuid", "uuid4"), ("os", "environ")}
CORE = sorted(
    path
    for path in HOUSE.rglob("*.py")
    if not path.relative_to(HOUSE).parts[0] in {"adapters", "cli"}  # noqa: E713 - reads better here
)
ROOMS = sorted(path.parent.name for path in (ROOT / "functions").glob("*/app.py"))


def runtime_imports(path: Path) -> Iterator[str]:
    """Names of the modules that importing this file imports (what stands under TYPE_CHECKING does not)."""
    for node in ast.parse(path.read_text("utf-8")).body:
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            continue
        for inner in ast.walk(node):
            if isinstance(inner, ast.Import):
                yield from (alias.name for alias in inner.names)
            elif isinstance(inner, ast.ImportFrom):
                yield inner.module or ""


@pytest.mark.parametrize("path", CORE, ids=lambda path: str(path.relative_to(HOUSE)))
def test_the_core_knows_no_outside_system_no_clock_and_no_environment(path: Path) -> None:
    imported = {name.split(".")[0] for name in runtime_imports(path)}
    assert not imported & OUTSIDE
    assert not any(name.startswith(("takedown.adapters", "takedown.cli")) for name in runtime_imports(path))
    reached = {
        (node.value.id, node.attr)
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
    }
    assert not reached & CLOCKS


def test_rooms_never_import_each_other() -> None:
    for room in ROOMS:
        for path in (ROOT / "functions" / room).rglob("*.py"):
            others = {name.split(".")[0] for name in runtime_imports(path)} & set(ROOMS) - {room}
            assert not others, f"{path} imports {others}"


def test_the_verifier_needs_nothing_of_aws_or_a_browser() -> None:
    for path in [*(HOUSE / "verify").glob("*.py"), HOUSE / "cli" / "verify.py"]:
        names = {name.split(".")[0] for name in runtime_imports(path)}
        assert not names & (OUTSIDE | {"jinja2", "yaml", "selectolax", "can_ada", "urllib3"})


def test_files_stay_small_enough_to_have_one_reason_to_change() -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for top in ("functions", "infra")
        for path in (ROOT / top).rglob("*.py")
        if (lines := len(path.read_text("utf-8").splitlines())) > 320
    }
    assert not long
