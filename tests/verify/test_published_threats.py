"""The published table of threats names a test for each, and each exists."""

from __future__ import annotations

import ast
import re
from pathlib import Path

TESTS = Path(__file__).parents[1]
DOCUMENT = TESTS.parent / "docs" / "verification.md"
NAMED = re.compile(r"`([a-z_/]+\.py)::(test_\w+)`")


def test_every_threat_names_a_test_that_exists() -> None:
    text = DOCUMENT.read_text("utf-8")
    threats = text[text.index("### A stranger") : text.index("## What is not claimed")]
    rows = [line for line in threats.splitlines() if line.startswith("| ") and not line.startswith("| threat ")]
    assert len(rows) > 50
    assert [row for row in rows if len(NAMED.findall(row)) != 1] == []
    for file, name in NAMED.findall(text):
        functions = {node.name for node in ast.parse((TESTS / file).read_text("utf-8")).body
                     if isinstance(node, ast.FunctionDef)}  # fmt: skip
        assert name in functions, f"{file}::{name}"
