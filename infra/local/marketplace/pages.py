"""The shop's HTML: Jinja2 templates, autoescaped, with structured data as real shops publish it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from infra.local.marketplace.mail import AGENT_ADDRESS, AGENT_NAME
from infra.local.marketplace.pictures import VIEWS
from infra.local.marketplace.products import load_products

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infra.local.marketplace.products import Product

GONE_PHRASE = "This listing is no longer available"


class Pages:
    """Renders pages for the shop at `url`."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._jinja = Environment(
            loader=FileSystemLoader(Path(__file__).parent / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._jinja.policies["json.dumps_kwargs"] = {"ensure_ascii": False, "indent": 1}
        self._jinja.globals.update(
            base=url,
            agent_address=AGENT_ADDRESS,
            agent_name=AGENT_NAME,
            categories=list(dict.fromkeys(product.category for product in load_products())),
        )

    def home(self, products: Sequence[Product], *, heading: str = "", wanted: str = "") -> str:
        """Render a page of products: the home page, or with a heading a category, a seller, a search."""
        return self._render("home.html", products=products, heading=heading, wanted=wanted)

    def product(self, product: Product) -> str:
        """Render a live listing."""
        data = self._structured_data(product)
        return self._render("product.html", product=product, structured_data=data, views=VIEWS)

    def gone(self, product: Product, recommended: Sequence[Product]) -> str:
        """Render what some shops show with status 200 after a removal."""
        return self._render("gone.html", product=product, recommended=recommended, phrase=GONE_PHRASE)

    def not_found(self, recommended: Sequence[Product]) -> str:
        """Render the 404 page, the same for a removed listing and an address that never was."""
        return self._render("not_found.html", recommended=recommended)

    def challenge(self, product: Product) -> str:
        """Render a bot wall. It says nothing about the listing, and a reader must not conclude anything from it."""
        return self._render("challenge.html", path=f"/item/{product.id}")

    def recommendations(self, products: Sequence[Product]) -> str:
        """Render the cards that the product page loads when a reader comes near them."""
        return self._render("recommendations.html", recommended=products)

    def legal(self) -> str:
        """Render the page that names the designated agent."""
        return self._render("legal.html")

    def _render(self, template: str, **values: object) -> str:
        return self._jinja.get_template(template).render(**values)

    def _structured_data(self, product: Product) -> dict[str, Any]:
        url = f"{self._url}/item/{product.id}"
        return {
            "@context": "https://schema.org",
            "@type": "Product",
            "@id": f"{url}#product",
            "url": url,
            "sku": product.id,
            "name": product.title,
            "description": " ".join(product.description),
            "category": product.category,
            "image": [f"{self._url}/pictures/{product.id}/{view}-1000.png" for view in VIEWS],
            "offers": {
                "@type": "Offer",
                "url": url,
                "price": f"{product.price:.2f}",
                "priceCurrency": product.currency,
                "availability": f"https://schema.org/{product.availability}",
                "itemCondition": "https://schema.org/NewCondition",
                "seller": {"@type": "Organization", "name": product.seller.name},
            },
        }
