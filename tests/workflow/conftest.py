"""One local cloud for all workflow tests: it takes seconds to start, and a process can hold one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from infra.local.cloud import LocalCloud, Options


@pytest.fixture(scope="session")
def mails() -> list[bytes]:
    """Every mail that SES accepted."""
    return []


@pytest.fixture(scope="session")
def cloud_options(mails: list[bytes]) -> Options:
    """How the session's cloud starts; a folder of tests may override it."""
    return Options(on_mail=mails.append)


@pytest.fixture(scope="session")
def cloud(cloud_options: Options) -> Iterator[LocalCloud]:
    with LocalCloud(cloud_options) as running:
        yield running
