"""What a visitor of a listing gets at this moment: the shop's memory of notices, and each listing's behaviour.

No timers run: a notice stores the instant from which the removal shows, and every look compares it with the clock.
"""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from infra.local.marketplace.products import Behaviour, Product


class Fate(Enum):
    """What one look at a listing is answered with."""

    LIVE = "live"
    GONE = "gone"
    """404."""
    GONE_SOFT = "gone_soft"
    """200, and the page says that the listing is no longer available."""
    WALL = "wall"
    HANG_UP = "hang_up"


@dataclass
class _Record:
    behaviour: Behaviour
    due: float | None = None
    """From this reading of the clock on, the removal shows."""
    walled: int = 0
    """How many looks the wall has answered since then."""


class Moderation:
    """The state of every listing. Threads may share it.

    Parameters
    ----------
    products
        What is on sale.
    delay
        Seconds from a notice to the removal.
    clock
        Seconds that never go back.
    """

    def __init__(self, products: Iterable[Product], *, delay: float, clock: Callable[[], float]) -> None:
        self._records = {product.id: _Record(product.behaviour) for product in products}
        self._delay = delay
        self._clock = clock
        self._lock = threading.Lock()
        self._notices: Counter[str] = Counter()

    @property
    def notices_per_item(self) -> dict[str, int]:
        """How many notices have named each item; items that none has named are absent."""
        with self._lock:
            return dict(self._notices)

    def set_behaviour(self, item: str, behaviour: Behaviour) -> None:
        """Make `item` react differently from now on. A notice received before still counts.

        Raises
        ------
        KeyError
            The shop has no such item.
        """
        with self._lock:
            self._records[item].behaviour = behaviour

    def behaviour(self, item: str) -> Behaviour:
        """How `item` reacts now."""
        with self._lock:
            return self._records[item].behaviour

    def notice(self, items: Iterable[str]) -> None:
        """Count a notice for each item and queue the removal, unless one is queued or stands already."""
        with self._lock:
            for item in items:
                self._notices[item] += 1
                record = self._records[item]
                if record.due is None or self._relisted(record):
                    record.due, record.walled = self._clock() + self._delay, 0

    def look(self, item: str) -> Fate:
        """Answer one look at a page. A look at a bot wall is counted, so asking changes the state."""
        with self._lock:
            record = self._records[item]
            fate = self._fate(record)
            if fate is Fate.WALL:
                record.walled += 1
            return fate

    def is_listed(self, item: str) -> bool:
        """Say whether the shop still shows `item` on its own lists. Changes nothing."""
        with self._lock:
            return self._fate(self._records[item]) in {Fate.LIVE, Fate.HANG_UP}

    def _relisted(self, record: _Record) -> bool:
        return (
            record.due is not None
            and record.behaviour.kind == "relists"
            and self._clock() >= record.due + record.behaviour.relist_after
        )

    def _fate(self, record: _Record) -> Fate:
        behaviour = record.behaviour
        if behaviour.kind == "broken":
            return Fate.HANG_UP
        if behaviour.kind == "stubborn" or record.due is None or self._clock() < record.due or self._relisted(record):
            return Fate.LIVE
        if behaviour.kind == "walls_then_removes" and self._walled(record, record.due):
            return Fate.WALL
        return Fate.GONE_SOFT if behaviour.kind == "removes_soft" else Fate.GONE

    def _walled(self, record: _Record, due: float) -> bool:
        if record.behaviour.wall_seconds is not None:
            return self._clock() < due + record.behaviour.wall_seconds
        return record.walled < record.behaviour.wall_looks
