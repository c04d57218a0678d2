"""Bazaar of Wonders: a demo marketplace on loopback that receives notices and reacts to them as real ones do.

Nothing here is deployed. The demo, the local cloud and the tests look at it with a browser and with plain requests.

>>> with Marketplace(moderation_delay=1.5) as shop:        # doctest: +SKIP
...     shop.item_url("1001")
'http://127.0.0.1:40123/item/1001'
"""

from infra.local.marketplace.mail import AGENT_ADDRESS, AGENT_NAME, ReceivedNotice
from infra.local.marketplace.moderation import Fate
from infra.local.marketplace.products import Behaviour, BehaviourKind, Product, load_products
from infra.local.marketplace.server import Marketplace
from infra.local.marketplace.site import Look

__all__ = [
    "AGENT_ADDRESS",
    "AGENT_NAME",
    "Behaviour",
    "BehaviourKind",
    "Fate",
    "Look",
    "Marketplace",
    "Product",
    "ReceivedNotice",
    "load_products",
]
