"""The demo marketplace over HTTP: what a visitor gets before and after a notice, and what the shop remembers."""

from __future__ import annotations

import http.client
import io
import json
import re
import socket
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from email.message import EmailMessage
from html import unescape
from typing import TYPE_CHECKING

import pytest
from PIL import Image
from pydantic import ValidationError

from infra.local.marketplace import AGENT_ADDRESS, AGENT_NAME, Marketplace, load_products

if TYPE_CHECKING:
    from collections.abc import Iterator

DELAY = 1.5
POSTER, MUG, TOTE, PUZZLE, _, SHIRT, CARDS, WATCH = (str(number) for number in range(1001, 1009))


class Clock:
    """Stands still until it is told to move."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


@dataclass(frozen=True)
class Reply:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def shop(clock: Clock) -> Iterator[Marketplace]:
    with Marketplace(moderation_delay=DELAY, clock=clock) as running:
        yield running


def ask(shop: Marketplace, path: str, method: str = "GET", **headers: str) -> Reply:
    connection = http.client.HTTPConnection(shop.host, timeout=10)
    try:
        connection.request(method, path, headers={name.replace("_", "-"): value for name, value in headers.items()})
        answer = connection.getresponse()
        return Reply(answer.status, answer.headers, answer.read())
    finally:
        connection.close()


def look(shop: Marketplace, item: str) -> int:
    return ask(shop, f"/item/{item}").status


def notice(shop: Marketplace, *items: str, to: str = AGENT_ADDRESS) -> bytes:
    message = EmailMessage()
    message["To"] = f'"{AGENT_NAME}" <{to}>'
    message.set_content("\n".join(shop.item_url(item) for item in items))
    return bytes(message)


def structured_data(page: str) -> dict[str, object]:
    found = re.search(r'<script type="application/ld\+json">(.+?)</script>', page, re.DOTALL)
    assert found is not None
    data: dict[str, object] = json.loads(found[1])
    return data


def test_a_live_listing_carries_what_real_shops_publish(shop: Marketplace) -> None:
    page = ask(shop, f"/item/{POSTER}")
    url = shop.item_url(POSTER)
    assert page.status == 200
    assert f'<link rel="canonical" href="{url}">' in page.text
    assert f'<meta property="og:url" content="{url}">' in page.text
    assert f'<input type="hidden" name="listing_id" value="{POSTER}">' in page.text
    assert "Add to cart" in page.text
    data = structured_data(page.text)
    assert data["sku"] == POSTER
    offer = data["offers"]
    assert isinstance(offer, dict)
    assert (offer["price"], offer["priceCurrency"]) == ("14.90", "EUR")
    assert offer["availability"] == "https://schema.org/InStock"
    assert offer["seller"]["name"] == "Moonbeam Prints 24h"


def test_titles_in_any_script_arrive_whole(shop: Marketplace) -> None:
    for product in load_products():
        if product.behaviour.kind != "broken":
            page = ask(shop, f"/item/{product.id}").text
            assert structured_data(page)["name"] == product.title
            title = re.search(r"<title>(.+?) \| Bazaar of Wonders</title>", page)
            assert title is not None
            assert unescape(title[1]) == product.title


def test_names_and_searches_are_escaped(shop: Marketplace) -> None:
    assert "Luxe4Less &lt;Official&gt;" in ask(shop, f"/item/{WATCH}").text
    found = ask(shop, "/?q=%3Cscript%3Ealert(1)%3C/script%3E").text
    assert "<script" not in found
    assert "&lt;script&gt;alert(1)" in found


def test_nothing_changes_before_the_moderation_delay_is_over(shop: Marketplace, clock: Clock) -> None:
    shop.receive(notice(shop, POSTER, MUG, TOTE, CARDS))
    clock.now += DELAY - 0.01
    assert [look(shop, item) for item in (POSTER, MUG, TOTE, CARDS)] == [200] * 4


def test_a_removed_listing_answers_404_and_leaves_the_shelves(shop: Marketplace, clock: Clock) -> None:
    assert f'href="/item/{POSTER}"' in ask(shop, "/").text
    shop.receive(notice(shop, POSTER))
    clock.now += DELAY
    assert look(shop, POSTER) == 404
    assert f'href="/item/{POSTER}"' not in ask(shop, "/").text
    assert look(shop, MUG) == 200


def test_a_soft_removal_answers_200_and_says_so_in_the_main_text(shop: Marketplace, clock: Clock) -> None:
    shop.receive(notice(shop, MUG))
    clock.now += DELAY
    page = ask(shop, f"/item/{MUG}")
    assert page.status == 200
    main = page.text.partition("<main")[2].partition("</main>")[0]
    assert "This listing is no longer available" in main
    assert "/item/" not in main
    assert "application/ld+json" not in page.text
    assert 'class="price"' in page.text.partition('<aside class="page recommendations"')[2]


def test_a_wall_stands_for_some_looks_and_then_the_listing_is_gone(shop: Marketplace, clock: Clock) -> None:
    shop.receive(notice(shop, TOTE))
    clock.now += DELAY
    wall = ask(shop, f"/item/{TOTE}")
    assert wall.status == 403
    assert wall.headers["cf-mitigated"] == "challenge"
    assert "<title>Just a moment...</title>" in wall.text
    assert "no longer available" not in wall.text
    assert [look(shop, TOTE) for _ in range(3)] == [403, 404, 404]


def test_a_wall_may_stand_for_some_seconds_instead(shop: Marketplace, clock: Clock) -> None:
    shop.receive(notice(shop, WATCH))
    clock.now += DELAY
    assert [look(shop, WATCH) for _ in range(4)] == [503] * 4
    clock.now += 4
    assert look(shop, WATCH) == 404


def test_a_wall_counts_right_when_many_look_at_once(shop: Marketplace, clock: Clock) -> None:
    shop.set_behaviour(TOTE, "walls_then_removes", wall_looks=7)
    shop.receive(notice(shop, TOTE))
    clock.now += DELAY
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: look(shop, TOTE), range(40)))
    assert sorted(answers) == [403] * 7 + [404] * 33


def test_a_stubborn_listing_stays(shop: Marketplace, clock: Clock) -> None:
    shop.receive(notice(shop, PUZZLE))
    clock.now += 10_000
    assert look(shop, PUZZLE) == 200


def test_a_broken_listing_gets_no_answer(shop: Marketplace) -> None:
    with pytest.raises(http.client.RemoteDisconnected):
        look(shop, SHIRT)
    assert [each.status for each in shop.looks[SHIRT]] == [None]


def test_a_listing_comes_back_and_a_second_notice_removes_it_again(shop: Marketplace, clock: Clock) -> None:
    shop.set_behaviour(CARDS, "relists", relist_after=3)
    seen = []
    for _ in range(2):
        shop.receive(notice(shop, CARDS))
        clock.now += DELAY
        seen.append(look(shop, CARDS))
        clock.now += 3
        seen.append(look(shop, CARDS))
    assert seen == [404, 200, 404, 200]
    assert shop.notices_per_item == {CARDS: 2}


def test_a_notice_outlives_a_change_of_behaviour(shop: Marketplace, clock: Clock) -> None:
    shop.receive(notice(shop, PUZZLE))
    clock.now += DELAY
    shop.set_behaviour(PUZZLE, "removes_404")
    assert look(shop, PUZZLE) == 404


def test_a_behaviour_must_exist_and_so_must_the_item(shop: Marketplace) -> None:
    with pytest.raises(ValidationError):
        shop.set_behaviour(POSTER, "removes_404", wall_look=2)
    with pytest.raises(KeyError):
        shop.set_behaviour("9999", "stubborn")


def test_a_second_notice_for_an_item_is_counted_and_does_not_delay_the_removal(shop: Marketplace, clock: Clock) -> None:
    shop.receive(notice(shop, POSTER, MUG))
    clock.now += DELAY - 0.5
    shop.receive(notice(shop, POSTER))
    clock.now += 0.5
    assert look(shop, POSTER) == 404
    assert shop.notices_per_item == {POSTER: 2, MUG: 1}


def test_only_mail_to_the_agent_counts(shop: Marketplace, clock: Clock) -> None:
    got = shop.receive(notice(shop, POSTER, to="seller@moonbeam.example"))
    clock.now += DELAY
    assert (got.for_agent, got.items) == (False, (POSTER,))
    assert shop.received == (got,)
    assert shop.notices_per_item == {}
    assert look(shop, POSTER) == 200


def test_every_look_is_logged(shop: Marketplace) -> None:
    assert shop.looks[POSTER] == ()
    ask(shop, f"/item/{POSTER}", User_Agent="takedown-watch/0.1 (+mailto:legal@example.com)")
    headed = ask(shop, f"/item/{POSTER}?ref=home", "HEAD")
    ask(shop, f"/pictures/{POSTER}/front-160.png")
    assert headed.body == b""
    assert int(headed.headers["Content-Length"]) > 1000
    assert [(each.method, each.status) for each in shop.looks[POSTER]] == [("GET", 200), ("HEAD", 200)]
    assert shop.looks[POSTER][0].user_agent == "takedown-watch/0.1 (+mailto:legal@example.com)"


def test_an_unchanged_page_answers_304_until_it_is_removed(shop: Marketplace, clock: Clock) -> None:
    tag = ask(shop, f"/item/{POSTER}").headers["ETag"]
    assert ask(shop, f"/item/{POSTER}", If_None_Match=tag).status == 304
    assert ask(shop, f"/item/{POSTER}", if_none_match=f'"x", W/{tag}').status == 304
    shop.receive(notice(shop, POSTER))
    clock.now += DELAY
    assert ask(shop, f"/item/{POSTER}", If_None_Match=tag).status == 404


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/", "text/html"),
        ("/category/prints", "text/html"),
        ("/seller/harbour-makers", "text/html"),
        ("/fragments/recommendations/1001", "text/html"),
        ("/legal/notices", "text/html"),
        ("/robots.txt", "text/plain"),
        ("/favicon.ico", "image/x-icon"),
        ("/static/shop.css", "text/css"),
    ],
)
def test_every_page_of_a_real_shop_is_there(shop: Marketplace, path: str, kind: str) -> None:
    answer = ask(shop, path)
    assert (answer.status, answer.headers.get_content_type()) == (200, kind)


UNKNOWN = "/static/../server.py /pictures/1001/front-161.png /pictures/7777/front-160.png /item/7777 /item/1001/x //["


@pytest.mark.parametrize("path", UNKNOWN.split())
def test_an_unknown_path_answers_404(shop: Marketplace, path: str) -> None:
    assert ask(shop, path).status == 404


def test_pictures_are_painted_the_same_every_time(shop: Marketplace) -> None:
    picture = ask(shop, f"/pictures/{POSTER}/front-360.png")
    with Image.open(io.BytesIO(picture.body)) as image:
        assert (image.format, image.size) == ("PNG", (360, 360))
    with Marketplace() as another:
        assert ask(another, f"/pictures/{POSTER}/front-360.png").body == picture.body


def test_closing_hangs_up_frees_the_port_and_keeps_the_record() -> None:
    shop = Marketplace()
    with pytest.raises(RuntimeError, match="no port"):
        _ = shop.url
    with shop:
        idle = http.client.HTTPConnection(shop.host, timeout=10)
        idle.request("GET", f"/item/{POSTER}")
        idle.getresponse().read()
    idle.close()
    assert len(shop.looks[POSTER]) == 1
    with pytest.raises(ConnectionRefusedError), socket.create_connection(("127.0.0.1", int(shop.host[10:])), 1):
        pass
