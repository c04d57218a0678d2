"""What the shop sells and how each listing reacts to a notice: ``products.yaml``, read and checked."""

from __future__ import annotations

from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field

BehaviourKind = Literal["removes_404", "removes_soft", "walls_then_removes", "stubborn", "broken", "relists"]
Motif = Literal[
    "poster", "mug", "tote", "puzzle", "case", "shirt", "cards", "watch", "handbag", "teapot", "scarf", "lantern"
]

_SYMBOLS = {"EUR": "€", "USD": "$", "GBP": "£", "CNY": "¥"}


class _Data(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Behaviour(_Data):
    """How a listing reacts once a notice has named it and the moderation delay is over."""

    kind: BehaviourKind
    wall_looks: int = Field(default=2, ge=0)
    """`walls_then_removes`: how many looks get the bot wall before the 404 shows."""
    wall_seconds: float | None = Field(default=None, ge=0)
    """`walls_then_removes`: the wall stands for so long instead, however often one looks."""
    wall_status: Literal[403, 503] = 403
    relist_after: float = Field(default=5.0, ge=0)
    """`relists`: seconds from the removal until the listing is back."""


class Seller(_Data):
    """Who offers a product."""

    slug: str
    name: str
    country: str
    since: int
    rating: Decimal
    sales: str


class Review(_Data):
    """A buyer's words under a product."""

    author: str
    stars: int = Field(ge=1, le=5)
    text: str


class Picture(_Data):
    """What the product's pictures show; they are painted, not stored."""

    motif: Motif
    caption: str
    """Latin letters: the painter's font has no others."""
    background: tuple[str, str]
    colour: str


class Product(_Data):
    """A listing of the shop."""

    id: str = Field(pattern=r"^\d{4}$")
    title: str
    lang: str = "en"
    category: str
    seller: Seller
    price: Decimal
    was: Decimal | None = None
    currency: Literal["EUR", "USD", "GBP", "CNY"] = "EUR"
    availability: Literal["InStock", "SoldOut"] = "InStock"
    rating: Decimal
    sold: int
    description: tuple[str, ...]
    details: dict[str, str]
    reviews: tuple[Review, ...] = ()
    picture: Picture
    behaviour: Behaviour

    @property
    def price_text(self) -> str:
        """The price as a buyer reads it."""
        return f"{_SYMBOLS[self.currency]}{self.price:.2f}"

    @property
    def was_text(self) -> str | None:
        """The struck-out price, where there is one."""
        return None if self.was is None else f"{_SYMBOLS[self.currency]}{self.was:.2f}"


@cache
def load_products() -> tuple[Product, ...]:
    """Read ``products.yaml`` in its own order; a mistake in it fails here, not on a page."""
    data = yaml.safe_load(Path(__file__).with_name("products.yaml").read_text(encoding="utf-8"))
    sellers = {slug: {"slug": slug, **seller} for slug, seller in data["sellers"].items()}
    return tuple(Product.model_validate({**item, "seller": sellers[item["seller"]]}) for item in data["products"])
