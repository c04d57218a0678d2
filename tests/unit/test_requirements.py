"""The pins agree with each other, carry hashes, and record no address."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DEV = ROOT / "requirements" / "dev.txt"
DEPLOYED = [ROOT / "functions" / "requirements.txt", ROOT / "requirements" / "capture.txt"]
ALL = [DEV, *DEPLOYED, ROOT / "requirements" / "tools.txt", ROOT / "requirements" / "uv.txt"]


def pins(path: Path) -> dict[str, str]:
    return dict(re.findall(r"^([a-z0-9][a-z0-9._-]*)==(\S+)", path.read_text("utf-8"), re.MULTILINE))


@pytest.mark.parametrize("path", DEPLOYED, ids=lambda path: path.name)
def test_what_is_deployed_is_what_was_tested(path: Path) -> None:
    tested = pins(DEV)
    assert pins(path)
    assert {name: tested.get(name) for name in pins(path)} == pins(path)


@pytest.mark.parametrize("path", ALL, ids=lambda path: path.name)
def test_every_pin_carries_hashes_and_no_address(path: Path) -> None:
    text = path.read_text("utf-8")
    assert "://" not in text
    assert "--index" not in text
    blocks = re.split(r"^(?=[a-z0-9])", text, flags=re.MULTILINE)[1:]
    assert all("--hash=sha256:" in block for block in blocks)


def test_the_lambdas_carry_no_browser_and_no_development_tool() -> None:
    assert not {"playwright", "moto", "pytest", "hypothesis"} & set(pins(DEPLOYED[0]))
