"""One local cloud for all workflow tests: it takes seconds to start, and a process can hold one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from infra.local.cloud import LocalCloud, Options
from infra.local.marketplace import Marketplace


@pytest.fixture(scope="session")
def mails() -> list[bytes]:
    """Every mail that SES accepted."""
    return []


@pytest.fixture(scope="session")
def shop() -> Iterator[Marketplace]:
    """The demo marketplace; it moderates a second after a notice."""
    with Marketplace(moderation_delay=1) as running:
        yield running


@pytest.fixture(scope="session")
def cloud_options(mails: list[bytes], shop: Marketplace) -> Options:
    """How the session's cloud starts; a folder of tests may override it."""

    def deliver(raw: bytes) -> None:
        mails.append(raw)
        shop.receive(raw)

    return Options(on_mail=deliver, allow_hosts=[shop.host], parameters={"WatchPolicy": "rehearsal"})


@pytest.fixture(scope="session")
def cloud(cloud_options: Options) -> Iterator[LocalCloud]:
    with LocalCloud(cloud_options) as running:
        yield running
