"""What leaves in a bundle, and what never does."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence

import pytest

from takedown.bundle.case_page import hosts
from takedown.bundle.documents import Withheld
from takedown.bundle.dossier import CaptureFiles, CaseDossier
from takedown.bundle.layout import assemble, bundle_name
from takedown.bundle.visible import visible
from takedown.bundle.write import Member
from takedown.errors import ChainError, IntegrityError, RetryableError
from takedown.sealing import Token
from takedown.states import NoticeState, ObjectClass
from tests.verify import samples
from tests.verify.dev_tsa import OddTsa
from tests.verify.local_signer import LocalSigner

TSA = OddTsa("tsa-one", lambda data: Token(b"q" + data[:3], b"r" + data[:3], samples.NOW))
FIRST = samples.CAPTURES[0]


@pytest.fixture(scope="module")
def case() -> CaseDossier:
    return samples.dossier(signer=LocalSigner(), authorities=[TSA])


def _payload(case: CaseDossier) -> dict[str, bytes]:
    return _bytes(assemble(case, now=samples.NOW).members)


def _bytes(members: Sequence[Member]) -> dict[str, bytes]:
    return {member.path: b"".join(member.read()) for member in members}


def _with_capture(case: CaseDossier, files: Sequence[object]) -> CaseDossier:
    first = CaptureFiles(FIRST, files)  # type: ignore[arg-type]
    return dataclasses.replace(case, captures=[first, *case.captures[1:]])


def test_the_payload_is_laid_out_in_order(case: CaseDossier) -> None:
    payload = assemble(case, now=samples.NOW)
    paths = [member.path for member in payload.members]
    assert payload.name == f"{samples.CASE}_20261123T200000Z"
    assert paths == sorted(paths)
    assert [path for path in paths if "/captures/" not in path] == [
        "data/README.html",
        "data/case.json",
        "data/custody/custody.jsonl",
        "data/custody/head.json",
        f"data/notices/{samples.NOTICE}/delivery.json",
        f"data/notices/{samples.NOTICE}/notice.json",
        f"data/notices/{samples.NOTICE}/sent.eml",
        "data/status/observations.jsonl",
        "data/trust/README.txt",
        "data/trust/signing-key.json",
        "data/verify/VERIFY.md",
        "data/verify/verify.sh",
        "data/withheld.json",
    ]
    assert sorted(path.rpartition("/")[2] for path in paths if f"captures/{FIRST}" in path) == [
        "capture.json",
        "capture.json.tsa-one.tsq",
        "capture.json.tsa-one.tsr",
        "console.jsonl",
        "page.html",
        "response-body.bin",
        "response-headers.json",
        "screenshot-full.png",
        "screenshot-viewport.png",
        "seal.json",
        "seal.json.sig",
        "signing-key.pem",
        "stored.json",
        "text.txt",
    ]


def test_opinion_checklists_and_secrets_never_leave(case: CaseDossier) -> None:
    everything = b"\n".join(_payload(case).values())
    for word in (b"OPINION", b"TASK-TOKEN", b"CHECKLIST-POINT", b"WARNING-TEXT", b"observed_status", b"next_check_at"):
        assert word not in everything


def test_what_is_not_evidence_or_not_listed_stays(case: CaseDossier) -> None:
    files = [
        *case.captures[0].files,
        samples.source("analysis.json", b"{}"),
        dataclasses.replace(samples.source("seal.json.draft", b"{}"), object_class=ObjectClass.WORK_PRODUCT),
    ]
    assert _payload(_with_capture(case, files)).keys() == _payload(case).keys()
    secret = [dataclasses.replace(item, object_class=ObjectClass.PRIVILEGED) for item in case.captures[0].files]
    with pytest.raises(IntegrityError, match=r"capture\.json is missing"):
        _payload(_with_capture(case, secret))


def test_what_the_custody_record_tells_of_must_be_there(case: CaseDossier) -> None:
    with pytest.raises(IntegrityError, match=f"captures/{FIRST}/seal.json: the custody record tells of it"):
        _payload(dataclasses.replace(case, captures=case.captures[1:]))
    with pytest.raises(IntegrityError, match=r"sent\.eml: the custody record tells of it"):
        _payload(dataclasses.replace(case, notices=[]))


def test_what_came_after_the_custody_record_was_read_stays_for_the_next_bundle(case: CaseDossier) -> None:
    fresh: dict[str, object] = {"state": "CAPTURED", "first_removed_at": None, "removal_captures": []}
    listings = [listing.model_copy(update=fresh) for listing in case.listings]
    early = dataclasses.replace(case, custody=case.custody[:3], listings=listings)
    paths = _payload(early)
    assert paths["data/status/observations.jsonl"] == b""
    assert {path.split("/")[2] for path in paths if "/captures/" in path} == set(samples.CAPTURES[:2])
    assert not [path for path in paths if "/notices/" in path]


def test_a_listing_that_moved_on_meanwhile_makes_the_export_start_again(case: CaseDossier) -> None:
    with pytest.raises(RetryableError, match="does not say how it came to that"):
        _payload(dataclasses.replace(case, custody=case.custody[:3]))
    with pytest.raises(RetryableError, match="became NOTICE_SENT in event 4"):
        _payload(dataclasses.replace(case, custody=case.custody[:8]))


def test_a_seal_that_is_not_the_one_on_record_stops_the_export(case: CaseDossier) -> None:
    other = samples.dossier(signer=LocalSigner(), authorities=[TSA])
    with pytest.raises(IntegrityError, match="not the one on the custody record"):
        _payload(dataclasses.replace(case, captures=other.captures))


@pytest.mark.parametrize("state", [state for state in NoticeState if state is not NoticeState.SENT])
def test_only_notices_that_were_sent_leave(case: CaseDossier, state: NoticeState) -> None:
    sent = case.notices[0]
    other = dataclasses.replace(sent, notice=sent.notice.model_copy(update={"state": state}))
    payload = _payload(dataclasses.replace(case, notices=[other], custody=case.custody[:4], listings=[]))
    assert not [path for path in payload if path.startswith("data/notices/")]


def test_a_sent_notice_without_its_digest_stops_the_export(case: CaseDossier) -> None:
    sent = case.notices[0]
    other = dataclasses.replace(sent, notice=sent.notice.model_copy(update={"message_sha256": None}))
    with pytest.raises(IntegrityError, match="incomplete"):
        _payload(dataclasses.replace(case, notices=[other]))


def test_a_file_that_the_record_lists_must_be_there_or_be_declared(case: CaseDossier) -> None:
    files = [item for item in case.captures[0].files if item.name != "page.html"]
    fewer = _with_capture(case, files)
    with pytest.raises(IntegrityError, match=r"page\.html is neither there nor declared"):
        _payload(fewer)
    path = f"data/captures/{FIRST}/page.html"
    entry = Withheld(path=path, sha256="0" * 64, reason="r", basis="b", person="p", withheld_at=samples.NOW)
    for dossier in (fewer, case):
        payload = _payload(dataclasses.replace(dossier, withheld=[entry]))
        assert path not in payload
        assert json.loads(payload["data/withheld.json"])["withheld"][0]["path"] == path


def test_documents_that_contradict_each_other_stop_the_export(case: CaseDossier) -> None:
    with pytest.raises(ChainError):
        _payload(dataclasses.replace(case, custody=case.custody[1:]))
    with pytest.raises(IntegrityError, match="no custody record"):
        _payload(dataclasses.replace(case, custody=[]))
    foreign = [
        item if item.name != "capture.json" else case.captures[1].files[list(names(case)).index("capture.json")]
        for item in case.captures[0].files
    ]
    with pytest.raises(IntegrityError, match="not the one that was sealed"):
        _payload(_with_capture(case, foreign))
    broken = [
        samples.source("seal.json", b"{}") if item.name == "seal.json" else item for item in case.captures[0].files
    ]
    with pytest.raises(IntegrityError, match="not a seal"):
        _payload(_with_capture(case, broken))


def names(case: CaseDossier) -> list[str]:
    return [item.name for item in case.captures[1].files]


def test_observations_say_what_was_seen(case: CaseDossier) -> None:
    lines = [json.loads(line) for line in _payload(case)["data/status/observations.jsonl"].splitlines()]
    assert [line["seen"]["status"] for line in lines] == [200, 200, 404]
    assert lines[2]["quote"] == "此商品已下架 This item was removed"
    assert not [line for line in lines if "opinion" in line or "verdict" in line]


def test_the_name_of_a_bundle_is_case_and_time() -> None:
    assert bundle_name("c1", "2026-11-23T20:00:01.999Z") == "c1_20261123T200001Z"


@pytest.mark.parametrize(
    ("url", "read"),
    [
        ("https://xn--fsqu00a.example/x", ("例子.example", "xn--fsqu00a.example")),
        ("https://xn--e1afmkfd.xn--80akhbyknj4f/", ("пример.испытание", "xn--e1afmkfd.xn--80akhbyknj4f")),
        ("https://shop.example/x", None),
        ("https://xn--zzzz99999999999.example/", ("xn--zzzz99999999999.example", "xn--zzzz99999999999.example")),
        ("https://[broken", None),
    ],
)
def test_a_host_is_read_beside_its_punycode(url: str, read: tuple[str, str] | None) -> None:
    assert hosts(url) == read


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("元宵節 é", "元宵節 é"),
        ("a\u202eb\u2066c\u200bd\ufeff", "a[U+202E]b[U+2066]c[U+200B]d[U+FEFF]"),
        ("\x1b]0;x\x07\x9b\n", "[U+001B]]0;x[U+0007][U+009B][U+000A]"),
        ("\ud800\U000e0041\u2028", "[U+D800][U+E0041][U+2028]"),
    ],
)
def test_hidden_characters_are_written_by_their_number(text: str, shown: str) -> None:
    assert visible(text) == shown
    assert visible("a\nb", keep="\n") == "a\nb"
