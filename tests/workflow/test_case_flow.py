"""One case, end to end: the shipped machines and handlers, a real Chromium, the demo marketplace."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import urllib3

from infra.local.client import ApiError, Client, wait_for
from infra.local.cloud import LocalCloud
from infra.local.demo import Demo, DemoError
from infra.local.example import the_case
from infra.local.marketplace import Marketplace
from takedown import canonical
from takedown.custody import CustodyEvent, verify_chain

pytestmark = pytest.mark.timeout(400)
GONE_404, GONE_SOFT, WALLED, STUBBORN, BROKEN = "1001", "1002", "1003", "1004", "1006"


@dataclass
class Story:
    """What the whole flow left behind."""

    demo: Demo
    listings: dict[str, dict[str, Any]]
    """By the shop's item number."""
    events: list[dict[str, Any]]
    bundle: Path


@pytest.fixture(scope="module")
def story(cloud: LocalCloud, shop: Marketplace, tmp_path_factory: pytest.TempPathFactory) -> Story:
    """The demo's own story, told once for this module."""
    demo = Demo(cloud, shop, tmp_path_factory.mktemp("demo") / "out")
    bundle = demo.run()
    listings = {}
    for item in demo.listings():
        number = item["url"].rsplit("/", 1)[1]
        listings[number] = demo.paula.get(demo.path(f"/listings/{item['listing_id']}"))
    return Story(demo, listings, demo.paula.all(demo.path("/timeline"), "events"), bundle)


def test_a_listing_whose_capture_fails_does_not_stop_its_case(story: Story) -> None:
    broken = story.listings[BROKEN]
    assert broken["state"] == "CAPTURE_FAILED"
    assert broken["failure"].startswith("UNREACHABLE")
    assert broken["notice_id"] is None, "nothing is complained of without evidence"
    assert all(story.listings[item]["notice_id"] for item in (GONE_404, GONE_SOFT, WALLED, STUBBORN))


@pytest.mark.parametrize("item", [GONE_404, GONE_SOFT, WALLED])
def test_a_removal_rests_on_two_sealed_captures_and_keeps_the_first_date(story: Story, item: str) -> None:
    listing = story.listings[item]
    assert listing["state"] == "REMOVED"
    proofs = [one for one in listing["captures"] if one["capture_id"] in listing["removal_captures"]]
    assert len(proofs) == 2
    assert {one["purpose"] for one in proofs} == {"removal"}
    assert listing["first_removed_at"] == min(one["ended_at"] for one in proofs)
    judged = [look for look in listing["looks"] if look["capture_id"] in listing["removal_captures"]]
    assert [look["opinion"]["verdict"] for look in judged] == ["REMOVED", "REMOVED"]


def test_the_walled_listing_is_never_called_removed_while_walled(story: Story) -> None:
    looks = sorted(story.listings[WALLED]["looks"], key=lambda look: look["at"])
    verdicts = [look["opinion"]["verdict"] for look in looks]
    assert "BLOCKED" in verdicts
    last_wall = max(number for number, verdict in enumerate(verdicts) if verdict == "BLOCKED")
    assert "REMOVED" not in verdicts[:last_wall]


def test_the_stubborn_one_is_reported_as_live_and_said_to_be_still_up(story: Story) -> None:
    stubborn = story.listings[STUBBORN]
    assert stubborn["state"] == "NOTICE_SENT"
    assert stubborn["observed_status"] == "LIVE"
    assert stubborn["escalated_at"]
    said = [event for event in story.events if event["action"] == "ESCALATION_DUE"]
    assert [event["object"] for event in said] == [f"listing/{stubborn['listing_id']}"]


def test_each_notice_left_once(story: Story, shop: Marketplace) -> None:
    assert shop.notices_per_item[GONE_404] == 1
    assert shop.notices_per_item[STUBBORN] == 1
    assert len([event for event in story.events if event["action"] == "NOTICE_SENT"]) == 1


def test_a_case_started_twice_runs_once(story: Story) -> None:
    assert len([event for event in story.events if event["action"] == "CASE_OPENED"]) == 1
    executions = story.demo.cloud.client("stepfunctions").list_executions(
        stateMachineArn=story.demo.cloud.resources["CaseMachine"]
    )["executions"]
    named = [item for item in executions if item["name"] == f"{story.demo.case_id}-b1"]
    assert len(named) == 1


def test_the_same_key_for_another_request_is_a_conflict(story: Story, shop: Marketplace) -> None:
    other = {**the_case(shop), "reference": "another"}
    with pytest.raises(ApiError, match="Idempotency-Key was used for another request") as caught:
        story.demo.paula.post("/cases", other, **{"Idempotency-Key": "demo"})
    assert caught.value.status == 409


def test_the_custody_record_verifies_offline_and_shows_who_did_what(story: Story) -> None:
    lines = []
    for event in story.events:
        digest = event.pop("digest", None)
        line = CustodyEvent.model_validate({"tenant": "default", **event}).to_bytes()
        assert digest is None or canonical.sha256(line) == digest
        lines.append(line)
    assert verify_chain(lines) == len(story.events)
    (approved,) = [event for event in story.events if event["action"] == "NOTICE_APPROVED"]
    assert approved["actor"]["person"] == "amir.approver"
    (opened,) = [event for event in story.events if event["action"] == "CASE_OPENED"]
    assert opened["actor"]["person"] == "paula.preparer"
    (watch,) = {event["facts"]["policy"] for event in story.events if event["action"] == "WATCH_STARTED"}
    assert watch == "rehearsal/1"


def test_every_capture_is_sealed_with_a_time_stamp(story: Story) -> None:
    for listing in story.listings.values():
        for capture in listing["captures"]:
            assert capture["time_stamps"] == 1
            names = {file["name"] for file in capture["files"]}
            assert names >= {
                "capture.json",
                "seal.json",
                "seal.json.sig",
                "stored.json",
                "capture.json.development.tsr",
            }


def test_the_bundle_verifies_with_trust_from_outside_and_not_without(story: Story) -> None:
    trust = story.bundle.parent / "trust"
    command = [str(Path(sys.executable).with_name("takedown")), "verify", str(story.bundle)]
    trusted = [*command, "--root", str(trust / "development-tsa-root.pem"), "--key-fingerprint",
               (trust / "key-fingerprint.txt").read_text().strip()]  # fmt: skip
    assert subprocess.run(trusted, capture_output=True, check=False).returncode == 0
    assert subprocess.run(command, capture_output=True, check=False).returncode == 2
    wrong = [*trusted[:-1], "0" * 64]
    assert subprocess.run(wrong, capture_output=True, check=False).returncode == 1


def test_the_bundle_holds_the_message_as_it_was_sent_and_no_opinion(story: Story, mails: list[bytes]) -> None:
    with zipfile.ZipFile(story.bundle) as archive:
        (sent,) = [name for name in archive.namelist() if name.endswith("/sent.eml")]
        assert archive.read(sent) in mails
        looks = archive.read(next(name for name in archive.namelist() if name.endswith("/observations.jsonl")))
    assert looks
    assert b"verdict" not in looks
    assert b"ruleset" not in looks


def test_an_unapproved_notice_cannot_be_sent_by_any_path(
    story: Story, cloud: LocalCloud, shop: Marketplace, mails: list[bytes]
) -> None:
    paula = story.demo.paula
    case = paula.post("/cases", {**the_case(shop), "listings": [{"url": shop.item_url("1010")}]})
    where = f"/cases/{case['case_id']}/notices"
    (notice,) = wait_for(lambda: paula.get(where)["notices"] or None, seconds=60, what="a draft")
    before = len(mails)
    answer = cloud.invoke(
        "SendNoticeFunction",
        {"tenant": "default", "case_id": case["case_id"], "notice_id": notice["notice_id"]},
    )
    assert answer["errorType"] == "ApprovalError"
    machine = cloud.client("stepfunctions")
    executions = machine.list_executions(stateMachineArn=cloud.resources["CaseMachine"])["executions"]
    assert any(item["name"].startswith(case["case_id"]) and item["status"] == "RUNNING" for item in executions)
    good = {"digest": notice["digest"], "confirmed": [point["point"] for point in notice["checklist"]]}
    amir = story.demo.amir
    refusals = [
        (paula, good, 403),  # the preparer's role
        (Client(cloud.api_url, "dev-auditor"), good, 403),
        (amir, {**good, "digest": "0" * 64}, 409),
        (amir, {**good, "confirmed": []}, 422),
        (amir, {"digest": "abc", "confirmed": []}, 422),
    ]
    for who, body, status in refusals:
        with pytest.raises(ApiError) as caught:
            who.post(f"{where}/{notice['notice_id']}/approval", body)
        assert caught.value.status == status
    rejected = amir.post(f"{where}/{notice['notice_id']}/rejection", {"reason": "fair use"})
    assert rejected["state"] == "REJECTED"
    answer = cloud.invoke(
        "SendNoticeFunction",
        {"tenant": "default", "case_id": case["case_id"], "notice_id": notice["notice_id"]},
    )
    assert answer["errorType"] == "ApprovalError"
    assert len(mails) == before


def test_a_rejected_notice_is_drafted_anew_when_asked(story: Story, shop: Marketplace) -> None:
    paula, amir = story.demo.paula, story.demo.amir
    case = paula.post("/cases", {**the_case(shop), "listings": [{"url": shop.item_url("1010")}]})
    where = f"/cases/{case['case_id']}/notices"
    (first,) = wait_for(lambda: paula.get(where)["notices"] or None, seconds=60, what="a draft")
    amir.post(f"{where}/{first['notice_id']}/rejection", {"reason": "the work is described badly"})
    for _ in range(2):  # asked twice, it is done once
        assert paula.post(f"/cases/{case['case_id']}/drafts") == {"batches": [1]}
    second = wait_for(
        lambda: next((item for item in paula.get(where)["notices"] if item["state"] == "DRAFTED"), None),
        seconds=60,
        what="the new draft",
    )
    assert second["notice_id"] != first["notice_id"]
    assert second["listing_ids"] == first["listing_ids"]
    good = {"digest": second["digest"], "confirmed": [point["point"] for point in second["checklist"]]}
    amir.post(f"{where}/{second['notice_id']}/approval", good)
    wait_for(
        lambda: paula.get(f"{where}/{second['notice_id']}")["state"] == "SENT" or None, seconds=60, what="the mail"
    )
    assert len(paula.get(where)["notices"]) == 2


def test_an_approved_notice_leaves_though_nobody_waits_for_the_approval_any_more(
    story: Story, cloud: LocalCloud, shop: Marketplace, mails: list[bytes]
) -> None:
    paula, amir = story.demo.paula, story.demo.amir
    case = paula.post("/cases", {**the_case(shop), "listings": [{"url": shop.item_url("1009")}]})
    where = f"/cases/{case['case_id']}/notices"
    (notice,) = wait_for(lambda: paula.get(where)["notices"] or None, seconds=60, what="a draft")
    this = f"{where}/{notice['notice_id']}"

    def token() -> str | None:
        key = {"pk": {"S": f"default#{case['case_id']}"}, "sk": {"S": f"notice#{notice['notice_id']}"}}
        item = cloud.client("dynamodb").get_item(TableName=cloud.resources["CaseTable"], Key=key)["Item"]
        found: str | None = json.loads(item["doc"]["S"])["task_token"]
        return found

    machines = cloud.client("stepfunctions")
    machines.send_task_failure(taskToken=wait_for(token, seconds=60, what="who waits"), error="Gone")
    wait_for(lambda: paula.get(this)["failure"], seconds=60, what="the failure on the record")
    before = len(mails)
    good = {"digest": notice["digest"], "confirmed": [point["point"] for point in notice["checklist"]]}
    for _ in range(2):
        assert amir.post(f"{this}/approval", good)["approval"]
    wait_for(lambda: paula.get(this)["state"] == "SENT" or None, seconds=60, what="the mail")
    (listing,) = paula.get(f"/cases/{case['case_id']}/listings")["listings"]
    seen = f"/cases/{case['case_id']}/listings/{listing['listing_id']}"
    wait_for(lambda: paula.get(seen)["watch"] or None, seconds=60, what="its watch")
    assert len(mails) == before + 1
    started = machines.list_executions(stateMachineArn=cloud.resources["SendMachine"])["executions"]
    assert [item["name"] for item in started] == [f"{notice['notice_id']}-s1"]
    for who, status in ((paula, 403), (amir, 409)):
        with pytest.raises(ApiError) as caught:
            who.post(f"{this}/send")
        assert caught.value.status == status


def test_a_recheck_and_the_schedule_look_again(story: Story, cloud: LocalCloud) -> None:
    demo = story.demo
    listing = story.listings[GONE_404]
    where = demo.path(f"/listings/{listing['listing_id']}")
    before = len(demo.paula.get(where)["looks"])
    asked = demo.paula.post(f"{where}/recheck")
    assert asked["watch"] == listing["watch"] + 1
    wait_for(lambda: len(demo.paula.get(where)["looks"]) > before or None, seconds=60, what="the look asked for")
    after = demo.paula.get(where)
    assert after["state"] == "REMOVED"

    def due() -> bool | None:
        cloud.fire("RecheckDueFunction")
        return demo.paula.get(where)["watch"] > after["watch"] or None

    wait_for(due, seconds=60, what="the schedule to find it due", every=1)


def test_listings_can_be_added_and_repeats_are_named(story: Story, shop: Marketplace) -> None:
    demo = story.demo
    with pytest.raises(ApiError) as caught:
        demo.paula.post(
            demo.path("/listings"),
            {"listings": [{"url": shop.item_url("1011")}, {"url": shop.item_url(STUBBORN) + "?utm_source=x"}]},
        )
    (error,) = caught.value.problem["errors"]
    assert error["field"] == "listings[1].url"
    assert "already in the case" in error["problem"]
    body = {"listings": [{"url": shop.item_url("1011")}]}
    answer = demo.paula.post(demo.path("/listings"), body)
    assert (answer["batch"], answer["listings"]) == (2, 1)
    assert answer["case"]["listings"] == len(story.listings) + 1

    def drafted() -> bool | None:
        found = [item for item in demo.listings() if item["url"] == shop.item_url("1011")]
        return [item["state"] for item in found] == ["NOTICE_DRAFTED"] or None

    wait_for(drafted, seconds=60, what="the added listing")
    assert demo.paula.post(demo.path("/listings"), body) == answer, "the same request again is the same batch"
    keyed = {"Idempotency-Key": "added"}
    more = {"listings": [{"url": shop.item_url("1013")}]}
    third = demo.paula.post(demo.path("/listings"), more, **keyed)
    assert demo.paula.post(demo.path("/listings"), more, **keyed) == third
    with pytest.raises(ApiError, match="Idempotency-Key was used for another request") as caught:
        demo.paula.post(demo.path("/listings"), {"listings": [{"url": shop.item_url("1015")}]}, **keyed)
    assert caught.value.status == 409
    added = [event for event in demo.paula.all(demo.path("/timeline"), "events") if event["action"] == "LISTINGS_ADDED"]
    assert [event["facts"]["batch"] for event in added] == ["2", "3"]


def test_long_lists_come_in_pages(story: Story) -> None:
    demo = story.demo
    first = demo.paula.get(demo.path("/listings?limit=2"))
    second = demo.paula.get(demo.path(f"/listings?limit=2&after={first['next']}"))
    assert [(item["batch"], item["place"]) for item in first["listings"] + second["listings"]] == [
        (1, place) for place in range(4)
    ]
    whole = demo.paula.all(demo.path("/timeline"), "events")
    page = demo.paula.get(demo.path("/timeline?limit=3&after=1"))
    assert [event["seq"] for event in page["events"]] == [2, 3, 4]
    assert page["next"] == 4
    assert page["head"] == whole[-1]["digest"]


def test_an_auditor_reads_and_exports_and_changes_nothing(story: Story, cloud: LocalCloud, shop: Marketplace) -> None:
    olga, demo = Client(cloud.api_url, "dev-auditor"), story.demo
    assert olga.get(demo.path())["case_id"] == demo.case_id
    assert olga.post(demo.path("/bundles"))["requested_by"]["role"] == "auditor"
    for path, body in (("/cases", the_case(shop)), (demo.path("/listings"), {"listings": the_case(shop)["listings"]})):
        with pytest.raises(ApiError) as caught:
            olga.post(path, body)
        assert caught.value.status == 403


def test_the_demo_says_in_one_line_that_nothing_was_captured(
    cloud: LocalCloud, shop: Marketplace, tmp_path: Path
) -> None:
    demo = Demo(cloud, shop, tmp_path / "out")
    broken = {**the_case(shop), "listings": [{"url": shop.item_url(BROKEN)}]}
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("infra.local.demo.the_case", lambda _: broken)
        patched.setattr("infra.local.demo.KEY", "nothing")
        with pytest.raises(DemoError, match=r"nothing was captured; the first listing says: UNREACHABLE"):
            demo.open_case()


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://169.254.169.254/latest/meta-data/", "metadata"),
        ("http://localhost/item/1", "localhost"),
        ("file:///etc/passwd", "http"),
        ("https://user:pw@shop.example.com/item/1", "@"),
        ("https://www.ebay.com/p/1234567890", "not the address of one listing"),
    ],
)
def test_a_refused_url_is_named_with_its_reason(story: Story, shop: Marketplace, url: str, said: str) -> None:
    if "ebay" in url and not (Path(__file__).parents[2] / "functions/takedown/platforms/ebay.yaml").exists():
        pytest.skip("no eBay file yet")
    body = {**the_case(shop), "listings": [{"url": shop.item_url("1010")}, {"url": url}]}
    with pytest.raises(ApiError) as caught:
        story.demo.paula.post("/cases", body)
    assert caught.value.status == 422
    (error,) = caught.value.problem["errors"]
    assert error["field"] == "listings[1].url"
    assert said in error["problem"]


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "said"),
    [
        ("POST", "/cases", b"{", 422, "not JSON"),
        ("POST", "/cases", b"[]", 422, "body"),
        ("POST", "/cases", json.dumps({"right": {"kind": "magic"}}).encode(), 422, "right.kind"),
        ("GET", "/cases/00000000000000000000000000000000", None, 404, "no case"),
        ("GET", "/cases/..%2f..", None, 422, "case_id"),
        ("GET", "/cases/0/bundles/1", None, 404, "no bundle"),
        ("GET", "/nowhere", None, 404, "no such route"),
    ],
)
def test_nonsense_gets_one_clear_answer(
    cloud: LocalCloud, method: str, path: str, body: bytes | None, status: int, said: str
) -> None:
    with pytest.raises(ApiError) as caught:
        Client(cloud.api_url, "dev-preparer").call(method, path, body)
    assert caught.value.status == status
    assert said in json.dumps(caught.value.problem)


def test_a_body_that_is_not_called_json_is_told_so(cloud: LocalCloud) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    with pytest.raises(ApiError, match="Content-Type: application/json") as caught:
        Client(cloud.api_url, "dev-preparer").call("POST", "/cases", b"{}", form)
    assert caught.value.status == 415


def test_the_api_describes_itself(cloud: LocalCloud) -> None:
    document = Client(cloud.api_url, "dev-auditor").get("/openapi.json")
    assert set(document["paths"]) >= {"/cases", "/cases/{case_id}/notices/{notice_id}/approval"}


def test_a_link_to_a_bundle_is_for_that_version_only(story: Story) -> None:
    demo = story.demo
    asked = demo.amir.post(demo.path("/bundles"))
    where = demo.path(f"/bundles/{asked['bundle_id']}")
    ready = wait_for(
        lambda: ((found := demo.amir.get(where))["state"] == "READY" and found) or None, seconds=60, what="a bundle"
    )
    assert "versionId=" in ready["download_url"]
    answer = urllib3.request("GET", ready["download_url"], retries=False)
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert zipfile.ZipFile(io.BytesIO(answer.data)).testzip() is None
    assert canonical.sha256(answer.data) == ready["sha256"]
