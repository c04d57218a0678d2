"""Platform data: what ships is usable, and what is not usable is refused with the file's and the field's name."""

from __future__ import annotations

from importlib import resources

import pytest

from takedown.errors import ConfigurationError
from takedown.platform import Marker, load_library
from takedown.platform.library import read_library, read_platform

FOLDER = resources.files("takedown") / "platforms"
FILES = {item.name: item.read_bytes() for item in FOLDER.iterdir() if item.name.endswith(".yaml")}
GOOD = b"""
schema: takedown.platform/1
platform: acme
version: 1
title: Acme
hosts: [acme.test]
gone:
  - {name: x, any: [gone away], source: s, date: "2026-01-01", status: recalled}
"""


def test_all_platforms_of_the_design_are_there() -> None:
    wanted = {
        "amazon", "ebay", "aliexpress", "alibaba", "taobao", "tmall", "1688", "jd", "etsy", "walmart", "mercadolibre",
        "shopee", "lazada", "temu", "tiktokshop", "mercari", "shopify", "shein", "generic",
    }  # fmt: skip
    assert set(load_library().platforms) == wanted


def test_no_host_belongs_to_two_platforms() -> None:
    hosts = [host for platform in load_library().platforms.values() for host in platform.hosts + platform.short_hosts]
    assert len(hosts) == len(set(hosts))


def test_marker_names_are_unique_within_a_section() -> None:
    for platform in (load_library().walls, *load_library().platforms.values()):
        for section in (platform.walls, platform.logins, platform.gone, platform.stock, platform.region):
            names = [marker.name for marker in section]
            assert len(names) == len(set(names)), platform.platform


def test_generic_words_never_suffice_alone() -> None:
    weak = {"captcha", "access denied", "robot", "验证码", "请登录"}
    for platform in (load_library().walls, *load_library().platforms.values()):
        for marker in (*platform.walls, *platform.logins):
            if marker.scope == "title":
                continue  # a whole title is no word in passing
            assert not weak & {phrase.lower() for phrase in marker.any}, marker.name
            assert len(marker.all) != 1 or marker.all[0].lower() not in weak


def test_a_gone_marker_rests_on_words_an_element_with_words_or_an_error_url() -> None:
    for platform in load_library().platforms.values():
        for marker in platform.gone:
            assert marker.scope != "raw"
            assert marker.any or marker.all or marker.url, (platform.platform, marker.name)


def test_a_library_knows_under_which_data_it_judges() -> None:
    library = read_library(FILES)
    assert library.digest == load_library().digest
    changed = read_library({**FILES, "amazon.yaml": FILES["amazon.yaml"] + b"\n# a comment\n"})
    assert changed.digest != library.digest
    assert changed.ruleset(changed.get("amazon")).startswith("amazon/1 generic/1 walls/2 ")


def test_a_good_file_is_read_and_ships_with_the_others() -> None:
    library = read_library({**FILES, "acme.yaml": GOOD})
    assert library.by_host("www.acme.test")[0].gone[0].any == ("gone away",)
    assert library.get("nobody") is library.generic


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        (b"takedown.platform/1", b"takedown.platform/2", "schema"),
        (b"version: 1", b"version: one", "version"),
        (b"hosts: [acme.test]", b"hosts: ['*.acme.test']", "hosts.0"),
        (b"status: recalled", b"status: guessed", "gone.0.status"),
        (b'date: "2026-01-01"', b"date: yesterday", "gone.0.date"),
        (b"any: [gone away],", b"", "gone.0"),
        (b"any: [gone away]", b"any: [gone away], selector: 'a[['", "gone.x.selector"),
        (b"any: [gone away]", b"url: {path: '(a+)+$'}", "gone.0.url.path"),
        (b"any: [gone away]", b"url: {path: '(a)\\1'}", "gone.0.url.path"),
        (b"any: [gone away]", b"url: {path: '('}", "gone.0.url.path"),
        (b"title: Acme", b"title: Acme\ncolour: red", "colour"),
        (b"platform: acme", b"platform: other", "platform"),
        (b"gone:", b"gone: [", ""),
    ],
)
def test_a_bad_file_is_refused_by_name_and_field(old: bytes, new: bytes, field: str) -> None:
    assert old in GOOD
    with pytest.raises(ConfigurationError) as caught:
        read_platform("acme.yaml", GOOD.replace(old, new))
    assert caught.value.field.startswith("platforms/acme.yaml")
    assert caught.value.field.endswith(field)


@pytest.mark.parametrize("name", ["walls.yaml", "generic.yaml", "words.yaml"])
def test_a_missing_file_is_named(name: str) -> None:
    with pytest.raises(ConfigurationError, match=name):
        read_library({key: data for key, data in FILES.items() if key != name})


def test_a_broken_words_file_is_named() -> None:
    with pytest.raises(ConfigurationError, match=r"platforms/words\.yaml: currency"):
        read_library({**FILES, "words.yaml": FILES["words.yaml"].replace(b"currency:", b"currency: '(' #")})


def test_a_marker_is_a_frozen_value() -> None:
    marker = load_library().platforms["amazon"].gone[0]
    assert isinstance(marker, Marker)
    assert marker.model_config["frozen"]
