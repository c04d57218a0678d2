"""Reads the platform files, once a process, and refuses them as a whole where one is not usable."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import resources

import yaml
from pydantic import ValidationError
from selectolax.lexbor import LexborHTMLParser, SelectolaxError

from takedown.errors import ConfigurationError
from takedown.platform.models import Platform
from takedown.platform.words import Words

WALLS = "walls"
GENERIC = "generic"
WORDS = "words.yaml"

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml where it is built in: ten times faster


@dataclass(frozen=True)
class Library:
    """Every platform, the vendor walls, and the words of the generic rules."""

    platforms: Mapping[str, Platform]
    walls: Platform
    generic: Platform
    words: Words
    digest: str
    """SHA-256 over all files: two verdicts with the same digest were reached under the same data."""

    def get(self, name: str | None) -> Platform:
        """Return the platform of this name, the generic one for an unknown name."""
        return self.platforms.get(name or GENERIC, self.generic)

    def ruleset(self, platform: Platform) -> str:
        """Say under which data a verdict was reached: ``amazon/1 generic/1 walls/1 0123456789ab``."""
        labels = dict.fromkeys((platform.label, self.generic.label, self.walls.label))
        return " ".join((*labels, self.digest[:12]))

    @functools.cached_property
    def _by_host(self) -> dict[str, tuple[Platform, bool]]:
        table = {host: (platform, False) for platform in self.platforms.values() for host in platform.hosts}
        table |= {host: (platform, True) for platform in self.platforms.values() for host in platform.short_hosts}
        return table

    def by_host(self, host: str) -> tuple[Platform, str, bool]:
        """Find whose host this is: the platform, the site it is below, and whether it only holds short links.

        Whole labels from the right are compared, so evilamazon.com is not Amazon.
        """
        name = host.lower().removesuffix(".")
        while name:
            if found := self._by_host.get(name):
                return found[0], name, found[1]
            name = name.partition(".")[2]
        return self.generic, host, False


@functools.cache
def load_library() -> Library:
    """Return the files that ship with this package.

    Raises
    ------
    ConfigurationError
        Naming the file and the field that cannot be used.
    """
    folder = resources.files("takedown") / "platforms"
    return read_library({item.name: item.read_bytes() for item in folder.iterdir() if item.name.endswith(".yaml")})


def read_library(files: Mapping[str, bytes]) -> Library:
    """Build the library from files by name.

    Raises
    ------
    ConfigurationError
        Naming the file and the field that cannot be used.
    """
    digest = hashlib.sha256()
    found: dict[str, Platform] = {}
    for name in sorted(files):
        digest.update(f"{name}\0{len(files[name])}\0".encode() + files[name])
        if name != WORDS:
            platform = read_platform(name, files[name])
            found[platform.platform] = platform
    for required in (WALLS, GENERIC):
        if required not in found:
            raise ConfigurationError(f"platforms/{required}.yaml", "is missing.")
    if WORDS not in files:
        raise ConfigurationError(f"platforms/{WORDS}", "is missing.")
    walls = found.pop(WALLS)
    return Library(found, walls, found[GENERIC], read_words(files[WORDS]), digest.hexdigest())


def read_platform(name: str, data: bytes) -> Platform:
    """Read and check one platform file.

    Raises
    ------
    ConfigurationError
        Naming the file and the field that cannot be used.
    """
    try:
        platform = Platform.model_validate(_yaml(name, data))
    except ValidationError as error:
        raise _refusal(name, error) from error
    if f"{platform.platform}.yaml" != name:
        raise ConfigurationError(f"platforms/{name}: platform", f"is {platform.platform!r}, not the file's name.")
    empty = LexborHTMLParser("")
    for field, selector in _selectors(platform):
        try:
            empty.css(selector)
        except SelectolaxError as error:
            raise ConfigurationError(f"platforms/{name}: {field}", f"{selector!r} is not a CSS selector.") from error
    return platform


def read_words(data: bytes) -> Words:
    """Read and check the words of the generic rules.

    Raises
    ------
    ConfigurationError
        Naming the field that cannot be used.
    """
    try:
        return Words.model_validate(_yaml(WORDS, data))
    except ValidationError as error:
        raise _refusal(WORDS, error) from error


def _yaml(name: str, data: bytes) -> object:
    try:
        return yaml.load(data, Loader=_Loader)  # noqa: S506 - both loaders are the safe one
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"platforms/{name}", f"is not YAML: {error}") from error


def _refusal(name: str, error: ValidationError) -> ConfigurationError:
    first = error.errors()[0]
    field = ".".join(map(str, first["loc"])) or "(top level)"
    return ConfigurationError(f"platforms/{name}: {field}", f"{first['msg']}.")


def _selectors(platform: Platform) -> Iterator[tuple[str, str]]:
    for section in ("walls", "doubts", "logins", "gone", "stock", "region"):
        for marker in getattr(platform, section):
            if marker.selector is not None:
                yield f"{section}.{marker.name}.selector", marker.selector
    live = platform.live
    for field, places in (("live.id", live.id), ("live.title", live.title)):
        yield from ((field, place.selector) for place in places)
    for field, selectors in (("live.price", live.price), ("live.control", live.control)):
        yield from ((field, selector) for selector in selectors)
