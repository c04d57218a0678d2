"""What the API shows, a page at a time: no answer outgrows what Lambda can return."""

from __future__ import annotations

import json

import pytest

from api.callers import actor_of
from api.problems import from_error
from api.views import MOST_BYTES, page, show_case
from takedown.errors import InputError, InputListError
from takedown.states import Role
from tests.support.values import case, listing


def test_a_page_ends_at_its_limit_and_says_whether_more_follows() -> None:
    items = [{"n": number} for number in range(5)]
    assert page(iter(items), 2) == (items[:2], True)
    assert page(iter(items), 5) == (items, False)
    assert page(iter([]), 5) == ([], False)


def test_a_page_ends_before_it_outgrows_an_answer() -> None:
    large = [{"body": "x" * (MOST_BYTES // 3)} for _ in range(5)]
    shown, more = page(iter(large), 200)
    assert (len(shown), more) == (2, True)
    assert len(json.dumps(shown)) <= MOST_BYTES


def test_a_page_holds_at_least_one_item_however_large() -> None:
    shown, more = page(iter([{"body": "x" * (MOST_BYTES + 1)}, {}]), 200)
    assert (len(shown), more) == (1, True)


def test_a_case_shows_how_many_listings_were_asked_for_and_nothing_of_how_it_is_kept() -> None:
    shown = show_case(case())
    assert shown["listings"] == 0
    assert not {"tenant", "version", "request_sha256", "requests", "listing_states"} & set(shown)
    assert show_case(case(), [listing("a"), listing("b")])["listing_states"] == {"REPORTED": 2}


def test_listings_have_an_order_that_their_ids_do_not_carry() -> None:
    later, first, second = listing("a", batch=2, place=0), listing("c", place=0), listing("b", place=1)
    assert sorted([later, second, first], key=lambda item: item.order) == [first, second, later]


def test_a_problem_with_ten_thousand_fields_fits_an_answer() -> None:
    many: list[InputError] = [InputError(f"listings[{n}].url", "bad " * 1000, "") for n in range(10_000)]
    answer = from_error(InputListError(many))
    assert answer.body is not None
    assert len(answer.body) < MOST_BYTES
    assert json.loads(str(answer.body))["detail"].startswith("10000 fields")


@pytest.mark.parametrize(
    ("name", "role"), [("P", Role.PREPARER), ("A", Role.APPROVER), ("O", Role.AUDITOR), ("nobody", None)]
)
def test_a_role_is_what_the_deployment_says_of_the_principal(name: str, role: Role | None) -> None:
    context = {"authorizer": {"iam": {"userArn": f"arn:aws:sts::1:assumed-role/{name}/somebody"}}}
    roles = {"preparers": frozenset({"P"}), "approvers": frozenset({"A"}), "auditors": frozenset({"O"})}
    if role is None:
        with pytest.raises(Exception, match="nobody"):
            actor_of(context, **roles)
    else:
        assert actor_of(context, **roles).role is role
