"""What is due is looked at again; a watch that died is found; one bad listing holds up no other."""

from __future__ import annotations

from typing import Any

from recheck_due.recheck import recheck_due
from takedown.errors import RetryableError
from takedown.states import ListingState
from takedown.times import later
from takedown.watch import load_policy
from tests.contract.conftest import Aws
from tests.support.values import NOW, listing

POLICY = load_policy("standard")


class Machines:
    """Remembers what was started, and fails for some."""

    def __init__(self, *failing: str) -> None:
        self.started: list[str] = []
        self._failing = failing

    def start(self, machine_arn: str, name: str, event: dict[str, Any]) -> bool:  # noqa: ARG002 - the adapter's shape
        if event["listing_id"] in self._failing:
            raise RetryableError("throttled")
        self.started.append(name)
        return True


def due(aws: Aws, machines: Machines, now: str = NOW) -> tuple[int, list[str]]:
    workflow: Any = machines
    return recheck_due(
        "default", policy=POLICY, machine_arn="arn", cases=aws.cases, custody=aws.custody, workflow=workflow, now=now
    )


def put(aws: Aws, name: str, state: ListingState, next_check_at: str) -> None:
    aws.cases.commit([aws.cases.create(listing(name, state=state, watch=1, next_check_at=next_check_at))])


def test_a_removed_listing_whose_week_is_over_is_looked_at_once(aws: Aws) -> None:
    put(aws, "a", ListingState.REMOVED, NOW)
    put(aws, "b", ListingState.REMOVED, later(NOW, seconds=60))
    machines = Machines()
    assert due(aws, machines) == (1, [])
    assert machines.started == ["c-a-2"]
    assert due(aws, machines) == (0, []), "the schedule fires at least once, and this one is on its way"


def test_a_watch_that_died_is_started_again_and_a_living_one_is_left_alone(aws: Aws) -> None:
    put(aws, "dead", ListingState.NOTICE_SENT, later(NOW, seconds=-POLICY.interval_seconds - 1))
    put(aws, "late", ListingState.NOTICE_SENT, later(NOW, seconds=-60))
    machines = Machines()
    assert due(aws, machines) == (1, [])
    assert machines.started == ["c-dead-2"]


def test_one_that_cannot_be_started_holds_up_no_other_and_is_due_again_soon(aws: Aws) -> None:
    put(aws, "a", ListingState.REMOVED, later(NOW, seconds=-9))
    put(aws, "b", ListingState.REMOVED, NOW)
    machines = Machines("a")
    started, failed = due(aws, machines)
    assert (started, machines.started) == (1, ["c-b-2"])
    assert failed == ["listing a: throttled"]
    soon = later(NOW, seconds=POLICY.interval_seconds)
    assert due(aws, machines, soon)[1], "not a week later"


def test_what_is_not_watched_is_never_due(aws: Aws) -> None:
    aws.cases.commit([aws.cases.create(listing("x", state=ListingState.CAPTURED, next_check_at=NOW))])
    assert due(aws, Machines()) == (0, [])
