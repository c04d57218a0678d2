"""`takedown judge` and `takedown canonicalize`: lines of JSON, and one clear line where the input cannot be used."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from takedown.cli import canonicalize as canonicalize_module
from takedown.cli import judge as judge_module

DATA = Path(__file__).parents[1] / "data"
GONE = {"id": "a", "url": "https://shop.test/item/1", "status": 404}


def judge(*arguments: str, text: str | bytes | None = None) -> Result:
    return CliRunner().invoke(judge_module.judge, list(arguments), input=text)


def lines(result: Result) -> list[dict[str, Any]]:
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_the_sample_file_is_judged_as_expected() -> None:
    path = DATA / "removal_cases.json"
    expected = {case["id"]: case["expected"] for case in json.loads(path.read_text("utf-8"))}
    found = lines(judge(str(path)))
    assert {line["id"]: line["verdict"] for line in found} == expected
    assert set(found[0]) == {"id", "verdict", "reason", "rule", "ruleset"}


@pytest.mark.parametrize("arguments", [(), ("-",)])
def test_standard_input_may_hold_one_observation(arguments: tuple[str, ...]) -> None:
    (line,) = lines(judge(*arguments, text=json.dumps(GONE | {"colour": "red"})))
    assert (line["id"], line["verdict"], line["reason"]) == ("a", "REMOVED", "http_404")


def test_explain_quotes_the_marker_and_says_what_would_have_changed_the_verdict() -> None:
    item = {"url": "https://shop.test/item/1", "status": 200, "body_excerpt": "<h1>Seite nicht gefunden</h1>"}
    (line,) = lines(judge("--explain", text=json.dumps(item)))
    assert line["evidence"][0]["where"] == "visible main heading"
    assert line["evidence"][0]["quote"] == "Seite nicht gefunden"
    assert line["would_change"]


def test_the_platform_comes_from_the_url_unless_it_is_given() -> None:
    page = {"status": 200, "body_excerpt": "<p>We looked everywhere.</p>"}
    by_url, given = lines(
        judge(
            text=json.dumps(
                [
                    page | {"url": "https://www.ebay.com/itm/123456789012"},
                    page | {"url": "https://shop.test/item/1", "platform": "ebay"},
                ]
            )
        )
    )
    assert by_url["verdict"] == given["verdict"] == "REMOVED"


def test_a_body_file_holds_raw_bytes_beside_the_json_file(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_bytes('<meta charset="gbk"><p>此宝贝已下架</p>'.encode("gbk"))
    item = {"url": "https://item.taobao.com/item.htm?id=1037938878986", "status": 200, "body_file": "page.html"}
    (tmp_path / "look.json").write_text(json.dumps([item, item | {"body_file": "none.html"}]), "utf-8")
    read, missing = lines(judge(str(tmp_path / "look.json")))
    assert read["verdict"] == "REMOVED"
    assert missing["verdict"] == "ERROR"
    assert missing["reason"].startswith("bad_input: [1].body_file: ")


def test_with_standard_input_a_body_file_lies_in_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("page.html").write_bytes(b"<h1>Page not found</h1>")
    (line,) = lines(judge("-", text=json.dumps(GONE | {"status": 200, "body_file": "page.html"})))
    assert line["verdict"] == "REMOVED"


def test_one_bad_item_costs_the_others_nothing() -> None:
    found = lines(judge(text=json.dumps([{"id": 7, "status": 404}, 3, GONE | {"status": "much"}, GONE])))
    assert [line["verdict"] for line in found] == ["ERROR", "ERROR", "ERROR", "REMOVED"]
    assert [line["reason"].partition(". ")[0] for line in found[:2]] == [
        "bad_input: [0].url: is missing",
        "bad_input: [1]: is not an object",
    ]
    assert found[0]["id"] == 7


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ('{"status": 404}', "url"),
        ('{"url": "https://shop.test/"}', "status"),
        ('{"url": "https://shop.test/", "status": "x"}', "status"),
        ('{"url": "https://shop.test/", "status": 200, "body_excerpt": 3}', "body_excerpt"),
        ('{"url": "https://shop.test/", "status": 200, "body_file": 3}', "body_file"),
        ("{", "JSON"),
        ("3", "array"),
        (b"\xff\xfe\x00", "JSON"),
        ("[" * 100_000, "JSON"),
    ],
)
def test_what_cannot_be_read_at_all_is_one_line_and_exit_code_2(text: str | bytes, named: str) -> None:
    result = judge(text=text)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert named in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


def test_an_address_that_is_no_url_is_an_error_and_not_a_verdict_on_a_listing() -> None:
    (line,) = lines(judge(text=json.dumps(GONE | {"url": "shop"})))
    assert (line["verdict"], line["reason"]) == ("ERROR", "url_unreadable")


def test_canonicalize_prints_one_ascii_line_for_each_url() -> None:
    cases = json.loads((DATA / "canonical_cases.json").read_text("utf-8"))
    urls = [case["url"] for case in cases] + ["https://x.test/\u202e\x1b[31m"]
    result = CliRunner().invoke(canonicalize_module.canonicalize, urls)
    found = lines(result)
    assert [(f["platform"], f["listing_id"], f["canonical"]) for f in found[:-1]] == [
        (case["platform"], case["listing_id"], case["canonical"]) for case in cases
    ]
    assert [line["url"] for line in found] == urls
    assert found[-1]["platform"] == "rejected"
    assert result.stdout.isascii()
    assert "\x1b" not in result.stdout
