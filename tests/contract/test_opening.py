"""Opening cases and adding listings: nothing is lost, nothing is done twice, whenever a call or a step dies."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import boto3
import pytest
from botocore.exceptions import ClientError

from api import cases as routes
from api import opening
from api.opening import Opener, case_id_for
from register_listings import register as room
from register_listings.register import Registered, register
from takedown.adapters import clients
from takedown.adapters.workflow import Workflow
from takedown.case import Case, CaseInput, ListingInput
from takedown.errors import ConflictError, InputError, InputListError, IntegrityError, NotFoundError, RetryableError
from takedown.guard.gate import allowed_hosts
from takedown.listing import Listing
from takedown.look import Look, Opinion, Seen, look_id
from takedown.model import Document
from takedown.sealed_capture import SealedCapture
from takedown.states import CaptureOutcome, CaptureStatus, ListingState, VerdictKind
from tests.contract.conftest import Aws
from tests.support.values import AMIR, NOW, PAULA

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

LATER = "2026-11-23T20:05:00.000Z"


class Machine:
    """Step Functions as far as opening sees it: one start for each name; fails when it is told to."""

    def __init__(self) -> None:
        self.started: dict[str, dict[str, Any]] = {}
        self.broken = False

    def start(self, machine_arn: str, name: str, event: dict[str, Any]) -> bool:
        assert machine_arn == "arn:case"
        if self.broken:
            raise RetryableError("ThrottlingException")
        first = name not in self.started
        self.started.setdefault(name, event)
        return first


@pytest.fixture
def machine() -> Machine:
    return Machine()


@pytest.fixture
def s3(aws: Aws) -> S3Client:  # noqa: ARG001 - its account
    boto3.client("s3").create_bucket(Bucket="work")
    return clients.s3()


@pytest.fixture
def opener(aws: Aws, s3: S3Client, machine: Machine) -> Opener:
    return Opener(aws.cases, aws.custody, cast("Workflow", machine), s3, "work", "arn:case", allowed_hosts())


def urls(*numbers: int) -> list[ListingInput]:
    return [ListingInput(url=f"https://www.etsy.com/listing/{1_234_567_000 + number}/x") for number in numbers]


def given(*numbers: int, **more: Any) -> CaseInput:  # noqa: ANN401 - any field
    return CaseInput.model_validate(
        {
            "right": {"kind": "copyright", "title": "The Night Kite"},
            "rights_holder": {"name": "Little Lantern Press GmbH"},
            "listings": [item.model_dump() for item in urls(*numbers)],
            **more,
        }
    )


def opened(opener: Opener, *numbers: int, key: str | None = None, **more: Any) -> Case:  # noqa: ANN401 - any field
    return opener.open(
        given(*numbers, **more), tenant="default", case_id="k", preparer=PAULA, now=NOW, idempotency_key=key
    )


def add(opener: Opener, *numbers: int, **more: Any) -> tuple[int, int]:  # noqa: ANN401 - any argument
    _, batch = opener.add(urls(*numbers), **{"tenant": "default", "case_id": "k", "by": PAULA, "now": LATER, **more})
    return batch.number, batch.listings


def run(aws: Aws, s3: S3Client, number: int) -> Registered:
    """What the machine's first state does."""
    return register("default", "k", number, cases=aws.cases, s3=s3, work_bucket="work", sleep=lambda _: None)


def manifest(s3: S3Client, registered: Registered) -> list[dict[str, Any]]:
    orders: list[dict[str, Any]] = json.loads(s3.get_object(Bucket="work", Key=registered.manifest)["Body"].read())
    return orders


def stored(aws: Aws) -> list[Listing]:
    return sorted(aws.cases.all(Listing, "default", "k"), key=lambda item: item.order)


def told(aws: Aws) -> list[tuple[str, str, str]]:
    """What the custody record says: action, how many listings, which batch."""
    events = aws.custody.events("default", "k")
    return [(event.action.value, event.facts["listings"], event.facts["batch"]) for event in events]


def dying(opener: Opener, name: str, times: int = 1) -> Opener:
    """Return the opener of a process that is killed when it comes to the call `name` of its outside world."""
    part, _, method = name.partition(".")
    whole = getattr(opener, part)
    left = [times]

    class Dying:
        def __getattr__(self, attribute: str) -> Any:  # noqa: ANN401 - whatever the real one has
            if attribute == method and left[0]:
                left[0] -= 1
                raise RuntimeError("killed")
            return getattr(whole, attribute)

    return Opener(**{**vars(opener), part: Dying()})


# --- opening


def test_a_case_is_on_record_with_its_whole_request_before_its_machine_starts(
    aws: Aws, opener: Opener, machine: Machine, s3: S3Client
) -> None:
    machine.broken = True
    with pytest.raises(RetryableError):
        opened(opener, 1, 2, 3, key="mine")
    (batch,) = aws.cases.get(Case, "default", "k").requests
    assert (batch.number, batch.listings, batch.idempotency_key, batch.added_by) == (1, 3, "mine", PAULA)
    kept = json.loads(s3.get_object(Bucket="work", Key=f"default/k/batch-{batch.sha256}.json")["Body"].read())
    assert [(item["place"], item["added_by"]["person"]) for item in kept] == [(0, "paula"), (1, "paula"), (2, "paula")]
    assert told(aws) == [("CASE_OPENED", "3", "1")]
    machine.broken = False
    opened(opener, 1, 2, 3, key="mine")
    assert machine.started == {"k-b1": {"tenant": "default", "case_id": "k", "batch": 1}}
    assert told(aws) == [("CASE_OPENED", "3", "1")]


@pytest.mark.parametrize("dies_at", ["s3.put_object", "custody.append", "cases.create", "workflow.start"])
def test_a_call_that_was_killed_anywhere_is_finished_by_the_next_one(
    aws: Aws, opener: Opener, machine: Machine, s3: S3Client, dies_at: str
) -> None:
    with pytest.raises(RuntimeError, match="killed"):
        opened(dying(opener, dies_at), 1, 2)
    opened(opener, 1, 2)
    assert list(machine.started) == ["k-b1"]
    assert told(aws) == [("CASE_OPENED", "2", "1")]
    run(aws, s3, 1)
    assert len(stored(aws)) == 2


def test_what_a_killed_call_leaves_behind_is_nothing_to_a_smaller_one(
    aws: Aws, opener: Opener, s3: S3Client, machine: Machine
) -> None:
    with pytest.raises(RuntimeError, match="killed"):
        opened(dying(opener, "custody.append"), 1, 2, 3, 4, 5)
    opened(opener, 1, 2)
    run(aws, s3, 1)
    assert told(aws) == [("CASE_OPENED", "2", "1")]
    assert len(stored(aws)) == 2
    assert add(opener, 5) == (2, 1), "it was never in the case"
    assert list(machine.started) == ["k-b1", "k-b2"]


def test_the_same_key_for_another_request_is_a_conflict(opener: Opener) -> None:
    opened(opener, 1, key="mine")
    with pytest.raises(ConflictError, match="used for another request"):
        opened(opener, 2, key="mine")


def test_a_key_belongs_to_a_person() -> None:
    assert case_id_for("default", "paula", "k") != case_id_for("default", "amir", "k")


def test_a_case_that_would_not_fit_its_item_is_refused_before_anything_is_written(aws: Aws, opener: Opener) -> None:
    agents = [
        {"host": f"shop{n}.example.com", "name": "n" * 200, "email": f"c@shop{n}.example.com", "source": "s" * 200}
        for n in range(1000)
    ]
    with pytest.raises(InputError) as caught:
        opened(opener, 1, agents=agents)
    assert caught.value.field == "agents"
    assert not opener.s3.list_objects_v2(Bucket="work").get("Contents")
    with pytest.raises(NotFoundError):
        aws.cases.get(Case, "default", "k")
    assert opened(opener, 1, agents=agents[:300]).agents


def test_the_largest_case_with_all_its_batches_fits_its_item(opener: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "MOST_CASE_BYTES", 10**9)
    case = opened(opener, 1, key="k" * 200)
    principal = f"arn:aws:sts::123456789012:assumed-role/{'r' * 64}/{'p' * 64}"
    by = PAULA.model_copy(update={"person": "p" * 64, "principal": principal})
    batch = case.requests[0].model_copy(update={"added_by": by, "listings": 10_000, "number": 200})
    full = case.model_copy(update={"requests": [batch] * opening.MOST_BATCHES})
    assert len(full.model_dump_json().encode()) + 200_000 < 400_000


def test_a_listing_that_is_too_large_is_named(opener: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "MOST_LISTING_BYTES", 1500)
    large = {"url": f"https://shop.example.com/item/{'a' * 900}"}
    with pytest.raises(InputListError) as caught:
        opened(opener, listings=[{"url": "https://www.etsy.com/listing/1234567890/x"}, large])
    (problem,) = caught.value.problems
    assert problem.field == "listings[1]"


# --- adding


def test_adding_again_after_a_throttled_start_is_the_same_batch(
    aws: Aws, opener: Opener, machine: Machine, s3: S3Client
) -> None:
    opened(opener, 1)
    run(aws, s3, 1)
    machine.broken = True
    with pytest.raises(RetryableError):
        add(opener, 2)
    machine.broken = False
    assert add(opener, 2, now=NOW) == (2, 1)
    assert list(machine.started) == ["k-b1", "k-b2"]
    run(aws, s3, 2)
    assert add(opener, 2) == (2, 1), "and so it is when its listings are registered"
    assert told(aws) == [("CASE_OPENED", "1", "1"), ("LISTINGS_ADDED", "1", "2")]


@pytest.mark.parametrize("dies_at", ["s3.put_object", "custody.append", "cases.change", "workflow.start"])
def test_adding_that_was_killed_anywhere_is_finished_by_the_next_call(
    aws: Aws, opener: Opener, machine: Machine, s3: S3Client, dies_at: str
) -> None:
    opened(opener, 1)
    with pytest.raises(RuntimeError, match="killed"):
        add(dying(opener, dies_at), 2, 3)
    assert add(opener, 2, 3) == (2, 2)
    assert told(aws)[1:] == [("LISTINGS_ADDED", "2", "2")]
    assert list(machine.started) == ["k-b1", "k-b2"]
    run(aws, s3, 1)
    run(aws, s3, 2)
    assert [item.order for item in stored(aws)] == [(1, 0), (2, 0), (2, 1)]


def test_another_person_or_another_key_is_another_batch(aws: Aws, opener: Opener) -> None:
    opened(opener, 1)
    assert add(opener, 2) == (2, 1)
    assert add(opener, 2, by=AMIR) == (3, 1)
    assert add(opener, 2, idempotency_key="a") == (4, 1)
    assert add(opener, 2, idempotency_key="a") == (4, 1)
    assert [batch.added_by.person for batch in aws.cases.get(Case, "default", "k").requests[1:3]] == ["paula", "amir"]
    with pytest.raises(ConflictError, match="used for another request"):
        add(opener, 3, idempotency_key="a")
    assert add(opener, 3, idempotency_key="a", by=AMIR) == (5, 1), "a key belongs to a person"


def test_what_is_registered_already_is_named(aws: Aws, opener: Opener, s3: S3Client) -> None:
    opened(opener, 1, 2)
    run(aws, s3, 1)
    with pytest.raises(InputListError) as caught:
        add(opener, 3, 2)
    (problem,) = caught.value.problems
    assert problem.field == "listings[1].url"
    assert "already in the case" in problem.problem


def test_known_listings_are_found_among_hundreds_and_a_busy_table_is_not_taken_for_an_empty_one(
    aws: Aws, opener: Opener, s3: S3Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened(opener, 150)
    run(aws, s3, 1)
    with pytest.raises(InputListError) as caught:
        add(opener, *range(250))
    assert [problem.field for problem in caught.value.problems] == ["listings[150].url"]
    db: Any = aws.cases._db  # noqa: SLF001 - what stands behind it answers half

    def busy(**asked: Any) -> Any:  # noqa: ANN401 - DynamoDB's shape
        return {"Responses": {}, "UnprocessedKeys": asked["RequestItems"]}

    monkeypatch.setattr(db, "batch_get_item", busy)
    with pytest.raises(RetryableError):
        add(opener, 150, 151)


def test_callers_at_once_each_get_a_batch_and_the_same_request_gets_one(
    aws: Aws, opener: Opener, machine: Machine, s3: S3Client
) -> None:
    opened(opener, 1)
    with ThreadPoolExecutor(6) as pool:
        numbers = sorted(pool.map(lambda n: add(opener, n)[0], [10, 11, 12, 10, 11, 12]))
    assert numbers == [2, 2, 3, 3, 4, 4]
    assert [batch.number for batch in aws.cases.get(Case, "default", "k").requests] == [1, 2, 3, 4]
    assert sorted(machine.started) == ["k-b1", "k-b2", "k-b3", "k-b4"]
    for number in (4, 3, 2, 1):
        run(aws, s3, number)
    assert len(stored(aws)) == 4


def test_a_case_takes_so_many_batches_and_no_more(opener: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "MOST_BATCHES", 2)
    opened(opener, 1)
    add(opener, 2)
    with pytest.raises(ConflictError, match="2 batches"):
        add(opener, 3)
    assert add(opener, 2) == (2, 1), "a repeated request is no new batch"


def test_listings_are_added_to_cases_only(opener: Opener) -> None:
    with pytest.raises(NotFoundError):
        add(opener, 1)


# --- registering


def test_registering_again_registers_nothing_and_orders_the_same(aws: Aws, opener: Opener, s3: S3Client) -> None:
    opened(opener, *range(60))
    first = run(aws, s3, 1)
    assert (first.given, first.held, first.orders) == (60, 0, 60)
    assert run(aws, s3, 1) == first
    orders = manifest(s3, first)
    assert [order["listing_id"] for order in orders] == [item.listing_id for item in stored(aws)]
    assert {order["requested_by"]["person"] for order in orders} == {"paula"}
    assert {item.version for item in stored(aws)} == {0}


def test_a_step_killed_in_the_middle_goes_on_where_it_was(
    aws: Aws, opener: Opener, s3: S3Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened(opener, *range(50))
    add_one = aws.cases.add
    calls = count()

    def killed(document: Document) -> bool:
        if next(calls) >= 20:
            raise RuntimeError("killed")
        return add_one(document)

    with monkeypatch.context() as patched:
        patched.setattr(aws.cases, "add", killed)
        with pytest.raises(RuntimeError, match="killed"):
            run(aws, s3, 1)
    assert len(stored(aws)) == 20
    assert run(aws, s3, 1).orders == 50
    assert len(stored(aws)) == 50


def test_the_same_url_in_two_batches_is_one_listing_of_whoever_was_first(
    aws: Aws, opener: Opener, s3: S3Client
) -> None:
    opened(opener, 1)
    add(opener, 2, 3, by=AMIR)
    add(opener, 3, 4)
    run(aws, s3, 3)
    run(aws, s3, 1)
    second = run(aws, s3, 2)
    assert (second.given, second.held, second.orders) == (2, 1, 1)
    assert [(item.order, item.added_by.person) for item in stored(aws)] == [
        ((1, 0), "paula"),
        ((2, 0), "amir"),
        ((3, 0), "paula"),
        ((3, 1), "paula"),
    ]


def test_another_batch_that_registers_the_same_url_meanwhile_stops_nothing(
    aws: Aws, opener: Opener, s3: S3Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened(opener, 1, 2)
    add(opener, 2, 3)
    add_one = aws.cases.add
    monkeypatch.setattr(room, "WRITERS", 1)
    other: Iterator[bool] = iter([True])

    def overtaken(document: Document) -> bool:
        if next(other, False):
            run(aws, s3, 2)
        return add_one(document)

    monkeypatch.setattr(aws.cases, "add", overtaken)
    first = run(aws, s3, 1)
    assert (first.held, first.orders) == (1, 1)
    assert [item.order for item in stored(aws)] == [(1, 0), (2, 0), (2, 1)]


def test_a_busy_table_is_waited_for(aws: Aws, opener: Opener, s3: S3Client, monkeypatch: pytest.MonkeyPatch) -> None:
    opened(opener, 1)
    add_one = aws.cases.add
    busy = iter([True] * 5)

    def sometimes(document: Document) -> bool:
        if next(busy, False):
            raise RetryableError("ProvisionedThroughputExceededException")
        return add_one(document)

    monkeypatch.setattr(aws.cases, "add", sometimes)
    waited: list[float] = []
    register("default", "k", 1, cases=aws.cases, s3=s3, work_bucket="work", sleep=waited.append)
    assert len(waited) == 5
    add(opener, 2)
    busy = iter([True] * room.TRIES)
    with pytest.raises(RetryableError):
        run(aws, s3, 2)
    assert run(aws, s3, 2).orders == 1, "the next try of the step"


def test_a_listing_that_was_visited_is_not_visited_anew(aws: Aws, opener: Opener, s3: S3Client) -> None:
    opened(opener, 1, 2)
    run(aws, s3, 1)
    _, write = aws.cases.change(stored(aws)[0], state=ListingState.CAPTURED)
    aws.cases.commit([write])
    again = run(aws, s3, 1)
    assert [order["listing_id"] for order in manifest(s3, again)] == [stored(aws)[1].listing_id]


@pytest.mark.parametrize("instead", [b"[]", b"not JSON"])
def test_a_batch_object_that_was_replaced_is_not_registered(
    aws: Aws, opener: Opener, s3: S3Client, instead: bytes
) -> None:
    (batch,) = opened(opener, 1).requests
    s3.put_object(Bucket="work", Key=f"default/k/batch-{batch.sha256}.json", Body=instead)
    with pytest.raises(IntegrityError, match="is not what case k names"):
        run(aws, s3, 1)
    assert not stored(aws)


def test_a_batch_that_the_case_does_not_name_is_not_registered(aws: Aws, opener: Opener, s3: S3Client) -> None:
    opened(opener, 1)
    with pytest.raises(NotFoundError, match="no batch 2"):
        run(aws, s3, 2)


def test_a_batch_object_that_is_gone_fails_for_good(aws: Aws, opener: Opener, s3: S3Client) -> None:
    (batch,) = opened(opener, 1).requests
    s3.delete_object(Bucket="work", Key=f"default/k/batch-{batch.sha256}.json")
    with pytest.raises(ClientError):
        run(aws, s3, 1)


# --- showing


@pytest.fixture
def asked(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the routes be called as functions, by Paula."""
    services = SimpleNamespace(cases=aws.cases, custody=aws.custody, actor=lambda _: PAULA)
    monkeypatch.setattr(routes, "services_of", lambda _: services)
    monkeypatch.setattr(routes, "caller", lambda _: PAULA)


@pytest.mark.usefixtures("asked")
def test_listings_are_paged_in_the_order_of_the_team(aws: Aws, opener: Opener, s3: S3Client) -> None:
    opened(opener, *range(7))
    add(opener, *range(20, 24))
    run(aws, s3, 2)
    run(aws, s3, 1)
    found: list[dict[str, Any]] = []
    after: str | None = ""
    while after is not None:
        answer = routes.list_listings("k", after, 3)
        found += answer["listings"]
        after = answer["next"]
    assert [(item["batch"], item["place"]) for item in found] == [
        *((1, place) for place in range(7)),
        *((2, place) for place in range(4)),
    ]


@pytest.mark.usefixtures("asked")
def test_the_timeline_is_paged_by_seq_and_always_tells_the_head(aws: Aws, opener: Opener) -> None:
    opened(opener, 1)
    for number in range(2, 7):
        add(opener, number)
    head = aws.custody.head("default", "k")
    assert head is not None
    seqs: list[int] = []
    after: int | None = -1
    while after is not None:
        answer = routes.timeline("k", after, 2)
        assert answer["head"] == head.digest
        seqs += [event["seq"] for event in answer["events"]]
        after = answer["next"]
    assert seqs == [0, 1, 2, 3, 4, 5]
    assert routes.timeline("k", 100, 2) == {"events": [], "head": head.digest, "next": None}


@pytest.mark.usefixtures("asked")
def test_a_listing_is_shown_with_its_own_captures_and_no_others_are_read(
    aws: Aws, opener: Opener, s3: S3Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened(opener, 1, 2)
    run(aws, s3, 1)
    one, two = stored(aws)
    _, write = aws.cases.change(one, removal_captures=["r1"])
    looked = _look(one, "l1")
    sealed = [_capture(one, one.capture_id), _capture(one, "r1"), _capture(one, "l1"), _capture(two, two.capture_id)]
    aws.cases.commit([write, aws.cases.create(looked), *map(aws.cases.create, sealed)])
    every = aws.cases.all

    def counted(kind: Any, *rest: Any) -> Any:  # noqa: ANN401 - the table's shape
        assert kind is not SealedCapture, "every capture of the case, with its files"
        return every(kind, *rest)

    monkeypatch.setattr(aws.cases, "all", counted)
    shown = routes.get_listing("k", one.listing_id)
    assert {item["capture_id"] for item in shown["captures"]} == {one.capture_id, "r1", "l1"}
    assert [item["look_id"] for item in shown["looks"]] == [looked.look_id]


def _capture(listing: Listing, capture_id: str) -> SealedCapture:
    return SealedCapture(
        tenant="default",
        case_id="k",
        listing_id=listing.listing_id,
        capture_id=capture_id,
        attempt=0,
        purpose="infringement",
        status=CaptureStatus.COMPLETE,
        outcome=CaptureOutcome.CAPTURED,
        detail="",
        flags=[],
        ended_at=NOW,
        sealed_at=NOW,
        time_stamps=1,
        files=[],
    )


def _look(listing: Listing, capture_id: str) -> Look:
    return Look(
        tenant="default",
        case_id="k",
        listing_id=listing.listing_id,
        look_id=look_id(listing.listing_id, 1, 0, "capture"),
        at=NOW,
        how="capture",
        capture_id=capture_id,
        seen=Seen(url="u", final_url=None, status=200, bytes=1, body_sha256=None),
        opinion=Opinion(verdict=VerdictKind.LIVE, reason="r", rule="r", quote="", ruleset="x"),
    )
