"""One bundle of a synthetic case, and ways to tamper with it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from takedown.bundle.dossier import CaseDossier
from tests.verify import samples
from tests.verify.dev_tsa import DevTsa
from tests.verify.forging import Bench, export
from tests.verify.local_signer import LocalSigner


@pytest.fixture(scope="session")
def authorities(tmp_path_factory: pytest.TempPathFactory) -> tuple[DevTsa, DevTsa]:
    folder = tmp_path_factory.mktemp("authorities")
    return DevTsa(folder / "one", "tsa-one"), DevTsa(folder / "two", "tsa-two")


@pytest.fixture(scope="session")
def signer() -> LocalSigner:
    return LocalSigner()


@pytest.fixture(scope="session")
def case(signer: LocalSigner, authorities: tuple[DevTsa, DevTsa]) -> CaseDossier:
    return samples.dossier(signer=signer, authorities=authorities)


@pytest.fixture(scope="session")
def archive(case: CaseDossier, signer: LocalSigner, authorities: tuple[DevTsa, DevTsa]) -> bytes:
    return export(case, signer, authorities)


@pytest.fixture
def bench(tmp_path: Path, archive: bytes, signer: LocalSigner, authorities: tuple[DevTsa, DevTsa]) -> Bench:
    return Bench(tmp_path, archive, signer, authorities)


@pytest.fixture
def files(bench: Bench) -> Mapping[str, bytes]:
    return bench.files
