"""Whatever stands in a file, the verifier ends with a report or says that the bundle is unusable; it never crashes."""

from __future__ import annotations

import pytest

from takedown import canonical
from takedown.errors import IntegrityError
from takedown.verify import verify_bundle
from tests.verify import samples
from tests.verify.forging import Bench

CAPTURE = f"data/captures/{samples.CAPTURES[0]}"
NOTICE = f"data/notices/{samples.NOTICE}"
TARGETS = [
    "bag-info.txt",
    "bagit.txt",
    "data/README.html",
    "data/case.json",
    "data/custody/custody.jsonl",
    "data/custody/head.json",
    "data/status/observations.jsonl",
    "data/withheld.json",
    "manifest-sha256.txt",
    "signatures/signing-key.pem",
    "signatures/tagmanifest-sha256.txt.sig",
    "signatures/tagmanifest-sha256.txt.tsa-one.tsq",
    "signatures/tagmanifest-sha256.txt.tsa-one.tsr",
    "signatures/tokens.json",
    "tagmanifest-sha512.txt",
    f"{CAPTURE}/capture.json",
    f"{CAPTURE}/capture.json.tsa-one.tsq",
    f"{CAPTURE}/capture.json.tsa-one.tsr",
    f"{CAPTURE}/seal.json",
    f"{CAPTURE}/seal.json.sig",
    f"{CAPTURE}/signing-key.pem",
    f"{CAPTURE}/stored.json",
    f"{NOTICE}/delivery.json",
    f"{NOTICE}/notice.json",
    f"{NOTICE}/sent.eml",
]
GARBAGE = {
    "half a surrogate pair as a value": b'{"a":"\\ud800"}',
    "half a surrogate pair as a key": b'{"\\ud800":1}',
    "half a surrogate pair as the schema": b'{"schema":"\\udfff"}',
    "lists without end": b"[" * 100_000,
    "objects without end": b'{"a":' * 100_000,
    "lists of depth 900": b"[" * 900 + b"]" * 900,
    "infinite": b'{"a":1e999}',
    "a very long number": b"9" * 6000,
    "NaN": b"NaN",
    "zeros": bytes(100),
    "UTF-16": '{"a":1}'.encode("utf-16"),
    "byte order mark": b"\xef\xbb\xbf{}",
    "nothing": b"",
    "null": b"null",
    "a key twice": b'{"a":1,"a":2}',
    "one long line": b"x" * 3_000_000,
    "broken headers": b"From: =?utf-8?q?=ff?= <@\r\nTo: (((\r\nSubject: =?x?b?=\r\nContent-Type: text/plain; charset=x\r\n\r\n=",  # noqa: E501
}


@pytest.mark.parametrize("kind", GARBAGE)
def test_garbage_in_a_file_ends_in_a_report(bench: Bench, kind: str) -> None:
    folder = bench.unpacked()
    for path in TARGETS:
        for end in (b"", b"\n"):
            (folder / path).write_bytes(GARBAGE[kind] + end)
            assert verify_bundle(folder).exit_code == 1, (path, kind)
        (folder / path).write_bytes(bench.files[path])
    assert verify_bundle(folder).exit_code == 2


@pytest.mark.parametrize("text", ['{"\\ud800":1}', '["\\udc00"]', '{"a":{"b\\udfff":[]}}'])
def test_half_a_surrogate_pair_has_no_canonical_form(text: str) -> None:
    with pytest.raises(IntegrityError, match="no canonical form"):
        canonical.loads(text.encode())
