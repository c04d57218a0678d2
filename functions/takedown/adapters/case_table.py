"""The case table: documents by tenant, case, kind and id; a change is conditional on the version it was made from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from botocore.exceptions import ClientError

from takedown.bundle_request import BundleRequest
from takedown.case import Case
from takedown.errors import ConflictError, NotFoundError, RetryableError
from takedown.listing import Listing
from takedown.look import Look
from takedown.model import Document
from takedown.notice import Notice
from takedown.sealed_capture import SealedCapture
from takedown.states import ListingState

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

Write: TypeAlias = "TransactWriteItemTypeDef"
"""One item of a DynamoDB transaction, made by this table and given to `commit` or to the custody record."""

Changeable = Case | Listing | Notice | BundleRequest
C = TypeVar("C", Case, Listing, Notice, BundleRequest)
D = TypeVar("D", bound=Document)

KIND: dict[type[Document], str] = {
    Case: "case",
    Listing: "listing",
    SealedCapture: "capture",
    Look: "look",
    Notice: "notice",
    BundleRequest: "bundle",
}
"""Kind of document → first part of its sort key."""

BUSY = frozenset({"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"})
"""Reasons for a cancelled transaction that pass (DynamoDB API reference, TransactionCanceledException)."""

LOOKED_AT = frozenset(
    {ListingState.NOTICE_SENT, ListingState.REMOVED_PENDING_CONFIRM, ListingState.REMOVED, ListingState.RELISTED}
)
"""States in which a listing has a next look, and so a place in the index of what is due."""

MAX_TRANSACTION = 100
"""Items in one DynamoDB transaction (service quota)."""
MAX_BATCH_GET = 100
"""Items in one DynamoDB BatchGetItem (service quota)."""


class CaseTable:
    """One DynamoDB table."""

    def __init__(self, table: str, client: DynamoDBClient) -> None:
        self._table = table
        self._db = client

    # --- reading

    def get(self, kind: type[D], tenant: str, case_id: str, item_id: str = "") -> D:
        """Read one document.

        Raises
        ------
        NotFoundError
            No such document for this tenant.
        """
        answer = self._db.get_item(
            TableName=self._table, Key=_key(tenant, case_id, _sort(kind, item_id)), ConsistentRead=True
        )
        if "Item" not in answer:
            raise NotFoundError(f"no {KIND[kind]} {item_id or case_id}")
        return kind.model_validate_json(answer["Item"]["doc"]["S"])

    def all(self, kind: type[D], tenant: str, case_id: str, prefix: str = "") -> Iterator[D]:
        """Read every document of a kind in a case, in the order of their ids."""
        pages = self._db.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression="pk = :pk AND begins_with(sk, :sk)",
            ExpressionAttributeValues={":pk": {"S": f"{tenant}#{case_id}"}, ":sk": {"S": f"{KIND[kind]}#{prefix}"}},
            ConsistentRead=True,
        )
        for page in pages:
            for item in page["Items"]:
                yield kind.model_validate_json(item["doc"]["S"])

    def held(self, kind: type[D], tenant: str, case_id: str, item_ids: Iterable[str]) -> set[str]:
        """Return which of these ids there are documents of, without reading the case or the documents.

        Raises
        ------
        RetryableError
            The table was too busy to answer.
        """
        found: set[str] = set()
        wanted = sorted(set(item_ids))
        for start in range(0, len(wanted), MAX_BATCH_GET):
            keys = [_key(tenant, case_id, _sort(kind, item)) for item in wanted[start : start + MAX_BATCH_GET]]
            while keys:
                asked = len(keys)
                answer = self._db.batch_get_item(
                    RequestItems={self._table: {"Keys": keys, "ProjectionExpression": "sk", "ConsistentRead": True}}
                )
                for item in answer["Responses"].get(self._table, []):
                    found.add(item["sk"]["S"].removeprefix(_sort(kind, "")))
                left = answer["UnprocessedKeys"].get(self._table)
                keys = list(left["Keys"]) if left else []  # type: ignore[arg-type]
                if len(keys) == asked:
                    raise RetryableError("the case table was too busy to answer")
        return found

    def recent_cases(self, tenant: str, limit: int) -> list[Case]:
        """Read a tenant's cases, newest first."""
        answer = self._db.query(
            TableName=self._table,
            IndexName="by_index",
            KeyConditionExpression="index_pk = :pk",
            ExpressionAttributeValues={":pk": {"S": f"{tenant}#cases"}},
            ScanIndexForward=False,
            Limit=limit,
        )
        return [Case.model_validate_json(item["doc"]["S"]) for item in answer["Items"]]

    def due_listings(self, tenant: str, now: str) -> Iterator[Listing]:
        """Read the listings whose next look is due."""
        pages = self._db.get_paginator("query").paginate(
            TableName=self._table,
            IndexName="by_index",
            KeyConditionExpression="index_pk = :pk AND index_sk <= :now",
            ExpressionAttributeValues={":pk": {"S": f"{tenant}#due"}, ":now": {"S": now}},
        )
        for page in pages:
            for item in page["Items"]:
                yield Listing.model_validate_json(item["doc"]["S"])

    # --- writing

    def create(self, document: Document) -> Write:
        """Make the write of a new document; it fails where one is already there."""
        return {
            "Put": {
                "TableName": self._table,
                "Item": _item(document),
                "ConditionExpression": "attribute_not_exists(pk)",
            }
        }

    def change(self, old: C, **fields: Any) -> tuple[C, Write]:  # noqa: ANN401 - the model checks every field
        """Make the write of a changed document; it fails where somebody changed it in the meantime.

        Returns
        -------
        tuple
            The new document, and the write.
        """
        data = {**dict(old), **fields, "version": old.version + 1}
        new = type(old).model_validate(data)
        write: Write = {
            "Put": {
                "TableName": self._table,
                "Item": _item(new),
                "ConditionExpression": "version = :old",
                "ExpressionAttributeValues": {":old": {"N": str(old.version)}},
            }
        }
        return new, write

    def claim(self, tenant: str, key: str, owner: str) -> Write:
        """Make the write that claims a name for `owner`; it fails where another holds it."""
        condition = "attribute_not_exists(pk) OR #owner = :owner OR released = :true"
        return self._claim(tenant, key, owner, condition, released=False)

    def release_claim(self, tenant: str, key: str, owner: str) -> Write:
        """Make the write that gives a claim of `owner` back: the item stays, since nothing is ever deleted."""
        return self._claim(tenant, key, owner, "#owner = :owner", released=True)

    def claimed_by(self, tenant: str, key: str) -> str | None:
        """Return who holds a claim; None where nobody does."""
        answer = self._db.get_item(TableName=self._table, Key=_key(tenant, "claims", key), ConsistentRead=True)
        item = answer.get("Item")
        return None if item is None or item.get("released", {}).get("BOOL") else item["owner"]["S"]

    def _claim(self, tenant: str, key: str, owner: str, condition: str, *, released: bool) -> Write:
        values: dict[str, Any] = {":owner": {"S": owner}, ":true": {"BOOL": True}}
        return {
            "Put": {
                "TableName": self._table,
                "Item": {**_key(tenant, "claims", key), "owner": {"S": owner}, "released": {"BOOL": released}},
                "ConditionExpression": condition,
                "ExpressionAttributeNames": {"#owner": "owner"},
                # DynamoDB refuses a value that the condition does not use.
                "ExpressionAttributeValues": {name: value for name, value in values.items() if name in condition},
            }
        }

    def add(self, document: Document) -> bool:
        """Write a new document by itself; False where one is already there. Half the price of a transaction."""
        try:
            self._db.put_item(
                TableName=self._table, Item=_item(document), ConditionExpression="attribute_not_exists(pk)"
            )
        except ClientError as error:
            if error.response["Error"]["Code"] == "ConditionalCheckFailedException":
                return False
            raise
        return True

    def commit(self, writes: Sequence[Write]) -> None:
        """Do up to 100 writes together, or none.

        Raises
        ------
        ConflictError
            A condition failed: the record is not what the writer thought.
        RetryableError
            Another transaction was under way on the same items.
        """
        if len(writes) > MAX_TRANSACTION:
            raise ValueError(f"{len(writes)} writes do not fit into one transaction of {MAX_TRANSACTION}")
        try:
            self._db.transact_write_items(TransactItems=writes)
        except ClientError as error:
            reasons = cancellation_reasons(error)
            if not reasons:
                raise
            if "ConditionalCheckFailed" in reasons:
                raise ConflictError("the record was changed in the meantime") from error
            if BUSY & set(reasons):
                raise RetryableError(f"transaction cancelled: {', '.join(reasons)}") from error
            raise


def cancellation_reasons(error: ClientError) -> list[str]:
    """Return why a transaction was cancelled, item by item (``None`` where an item was not the reason)."""
    if error.response["Error"]["Code"] == "TransactionConflictException":
        return ["TransactionConflict"]
    if error.response["Error"]["Code"] != "TransactionCanceledException":
        return []
    reasons: list[dict[str, str]] = error.response.get("CancellationReasons", [])  # type: ignore[assignment]
    return [reason.get("Code", "None") for reason in reasons]


def _key(tenant: str, case_id: str, sort: str) -> dict[str, dict[str, str]]:
    return {"pk": {"S": f"{tenant}#{case_id}"}, "sk": {"S": sort}}


def _sort(kind: type[Document], item_id: str) -> str:
    return f"{KIND[kind]}#{item_id}"


def _item(document: Document) -> dict[str, Any]:
    data: dict[str, Any] = dict(document)
    kind = type(document)
    item_id = "" if kind is Case else str(data[f"{KIND[kind]}_id"])
    item: dict[str, Any] = {
        **_key(data["tenant"], data["case_id"], _sort(kind, item_id)),
        "doc": {"S": document.model_dump_json()},
    }
    if "version" in data:
        item["version"] = {"N": str(data["version"])}
    if isinstance(document, Case):
        item |= {"index_pk": {"S": f"{document.tenant}#cases"}, "index_sk": {"S": f"{document.opened_at}#{document.case_id}"}}  # fmt: skip  # noqa: E501
    if isinstance(document, Listing) and document.state in LOOKED_AT and document.next_check_at:
        item |= {"index_pk": {"S": f"{document.tenant}#due"}, "index_sk": {"S": document.next_check_at}}
    return item
