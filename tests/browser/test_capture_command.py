"""`takedown capture`, as a person runs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from infra.local.tsa import TimeStampAuthority
from takedown import canonical
from takedown.seal import Seal, StoredObjects
from takedown.sealing import check_stored, read_record
from tests.browser.conftest import CHROMIUM
from tests.browser.hostile_site import HostileSite

COMMAND = [sys.executable, "-c", "from takedown.cli import main; main()", "capture"]
KEYS = ["url", "capture_id", "status", "outcome", "detail", "flags", "dir"]


def openssl(folder: Path, *arguments: str) -> str:
    done = subprocess.run(["openssl", *arguments], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout + done.stderr


def test_each_url_gets_a_sealed_record_and_a_line(site: HostileSite, free_port: int, tmp_path: Path) -> None:
    nobody = f"127.0.0.1:{free_port}"
    urls = [f"{site.url}/plain", f"http://{nobody}/", "http://169.254.169.254/latest/"]
    with TimeStampAuthority(tmp_path / "tsa") as tsa:
        # Nothing listens at the second authority's port, and the third is none: their silence has to stand in the seal.
        tsas = [tsa.query_url, f"down=http://{nobody}/", f"mute={site.url}/plain"]
        options = ["--out", "out", *(part for url in tsas for part in ("--tsa", url))]
        done = subprocess.run(
            [*COMMAND, *urls, *options, "--allow-host", site.host, "--allow-host", nobody],
            cwd=tmp_path,
            env={
                **os.environ,
                "TAKEDOWN_HOME": str(tmp_path / "home"),
                "PYTHONPATH": os.pathsep.join(map(os.path.abspath, sys.path)),
                **({"CHROMIUM_PATH": CHROMIUM} if CHROMIUM else {}),
            },
            capture_output=True,
            text=True,
            check=False,
        )
    assert (done.returncode, done.stderr) == (0, "")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [list(line) for line in lines] == [KEYS] * 3
    assert [line["url"] for line in lines] == urls
    assert [(line["status"], line["outcome"], line["detail"].partition(":")[0]) for line in lines] == [
        ("COMPLETE", "CAPTURED", "200"),
        ("FAILED", "UNREACHABLE", "tcp"),
        ("FAILED", "REFUSED", "address_metadata"),
    ]
    for line in lines:
        assert line["dir"] == f"out/{line['capture_id']}"
        folder = tmp_path / line["dir"]
        record = read_record((folder / "capture.json").read_bytes())
        check_stored(record, StoredObjects.model_validate(canonical.loads((folder / "stored.json").read_bytes())))
        seal = Seal.model_validate(canonical.loads((folder / "seal.json").read_bytes()))
        assert seal.record_sha256 == canonical.sha256((folder / "capture.json").read_bytes())
        up, down, mute = seal.tokens
        assert (up.authority, up.gap) == ("127-0-0-1", None)
        assert up.sha256 == canonical.sha256((folder / "capture.json.127-0-0-1.tsr").read_bytes())
        assert (down.authority, down.sha256, down.gen_time) == ("down", None, None)
        assert "Connection refused" in str(down.gap)
        assert (mute.authority, mute.sha256, mute.gap) == ("mute", None, "mute: HTTP 501")
        assert record.provenance.allowed_hosts == sorted([site.host, nobody])
        verify = ["dgst", "-sha256", "-verify", "signing-key.pem", "-signature", "seal.json.sig", "seal.json"]
        assert openssl(folder, *verify) == "Verified OK\n"
        stamp = ["ts", "-verify", "-in", "capture.json.127-0-0-1.tsr", "-data", "capture.json"]
        assert "Verification: OK" in openssl(folder, *stamp, "-CAfile", str(tsa.root_pem))
