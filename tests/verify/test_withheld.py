"""What is withheld is declared, and then the bundle is intact without it."""

from __future__ import annotations

import dataclasses

from takedown import canonical
from takedown.bundle.documents import Withheld
from tests.verify import samples
from tests.verify.forging import Bench, export, failure

CAPTURE = f"data/captures/{samples.CAPTURES[0]}"
OTHER = f"data/captures/{samples.CAPTURES[1]}"


def test_what_is_declared_as_withheld_leaves_the_bundle_intact(bench: Bench) -> None:
    case = samples.dossier(signer=bench.signer, authorities=bench.authorities)
    path = f"{CAPTURE}/page.html"
    entry = Withheld(
        path=path,
        sha256=canonical.sha256(bench.files[path]),
        reason="personal data of a third party",
        basis="court order of 2026-11-22",
        person="Ada Preparer",
        withheld_at=samples.NOW,
    )
    archive = export(dataclasses.replace(case, withheld=[entry]), bench.signer, bench.authorities)
    report = bench.verify(archive)
    assert (report.exit_code, report.withheld) == (0, 1), report.failures
    wrong = entry.model_copy(update={"sha256": "0" * 64})
    archive = export(dataclasses.replace(case, withheld=[wrong]), bench.signer, bench.authorities)
    assert "page.html is missing" in failure(bench.verify(archive), "capture-files").reason


def test_a_whole_capture_may_be_withheld(bench: Bench) -> None:
    case = samples.dossier(signer=bench.signer, authorities=bench.authorities)
    seal = next(item for item in case.captures[1].files if item.name == "seal.json")
    entry = Withheld(
        path=f"{OTHER}/seal.json", sha256=seal.sha256, reason="r", basis="b", person="p", withheld_at=samples.NOW
    )
    report = bench.verify(export(dataclasses.replace(case, withheld=[entry]), bench.signer, bench.authorities))
    assert (report.exit_code, report.withheld) == (0, 1), report.failures
    assert not [
        check for check in report.checks if check.name == "capture-seal" and samples.CAPTURES[1] in check.subject
    ]
