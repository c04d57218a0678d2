"""`takedown check-url`: what the guard says about a URL, and why."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field

import click

from takedown.errors import InputError
from takedown.guard import whatwg
from takedown.guard.gate import allowed_hosts
from takedown.guard.judge_url import check
from takedown.guard.resolver import StaticResolver, SystemResolver


class BadOptionError(click.ClickException):
    """An option that cannot be used: one line, exit code 2, as for click's own usage errors."""

    exit_code = 2


@dataclass
class _Known:
    """The URLs that a `--redirect` may start from: those given, and those that other redirects lead to."""

    verbatim: set[str] = field(default_factory=set)
    hrefs: set[str] = field(default_factory=set)
    on_the_wire: set[str] = field(default_factory=set)

    def add(self, url: str) -> None:
        self.verbatim.add(url)
        href = _href(url)
        self.hrefs.add(href)
        self.on_the_wire.add(whatwg.without_fragment(href))

    def split(self, option: str) -> tuple[str, str] | None:
        """Split ``URL=LOCATION`` at the first equals sign with a known URL on its left.

        A URL may hold equals signs, in its query and in its fragment. So the URL as it was typed comes first: only
        where none matches may ``#a`` of ``#a=b=http://127.0.0.1/`` pass for the URL, because fragments do not count.
        """
        places = [place for place, char in enumerate(option) if char == "="]
        for place in places:
            if option[:place] in self.verbatim:
                return option[:place], option[place + 1 :]
        for place in places:
            if _href(option[:place]) in self.hrefs:
                return option[:place], option[place + 1 :]
        for place in places:
            if whatwg.without_fragment(_href(option[:place])) in self.on_the_wire:
                return option[:place], option[place + 1 :]
        return None


def _href(url: str) -> str:
    try:
        return whatwg.parse(url).href
    except ValueError:
        return url


def read_redirects(urls: Iterable[str], options: Iterable[str]) -> dict[str, str]:
    """Read ``URL=LOCATION`` options, those that start from the given URLs first, then hop by hop.

    Raises
    ------
    BadOptionError
        An option starts from no URL of any chain, or two lead away from the same one.
    """
    known = _Known()
    for url in urls:
        known.add(url)
    redirects: dict[str, str] = {}
    starts: dict[str, str] = {}
    waiting = list(options)
    while waiting:
        found = [(option, pair) for option in waiting if (pair := known.split(option))]
        if not found:
            raise BadOptionError(f"--redirect {waiting[0]!a}: no given URL, and no hop from one, equals its left side.")
        for option, (source, location) in found:
            waiting.remove(option)
            start = whatwg.without_fragment(_href(source))
            if starts.setdefault(start, location) != location:
                raise BadOptionError(f"--redirect {option!a}: this URL already redirects elsewhere.")
            redirects[source] = location
            # A redirect to nothing readable has no further hop.
            with contextlib.suppress(ValueError):
                known.add(whatwg.join(source, location))
    return redirects


def read_answers(options: Iterable[str]) -> dict[str, list[str]]:
    """Read ``HOST=IP[,IP…]`` options; ``HOST=`` says that the name does not exist.

    Raises
    ------
    BadOptionError
        No equals sign.
    """
    table: dict[str, list[str]] = {}
    for option in options:
        host, sign, addresses = option.partition("=")
        if not sign:
            raise BadOptionError(f"--resolve {option!a}: write HOST=IP[,IP…].")
        listed = [address.strip().strip("[]") for address in addresses.split(",") if address.strip()]
        table.setdefault(host, []).extend(listed)
    return table


@click.command("check-url")
@click.argument("urls", metavar="URL...", nargs=-1, required=True)
@click.option("--resolve", "answers", metavar="HOST=IP[,IP…]", multiple=True, help="Answer for a name instead of DNS.")
@click.option("--redirect", "redirects", metavar="URL=LOCATION", multiple=True, help="Judge this redirect too.")
@click.option("--allow-host", "allowed", metavar="HOST:PORT", multiple=True, help="Let exactly this one through.")
def check_url(
    urls: tuple[str, ...], answers: tuple[str, ...], redirects: tuple[str, ...], allowed: tuple[str, ...]
) -> None:
    """Say whether each URL may be visited, as one line of JSON.

    Nothing is fetched. Names are looked up in DNS unless --resolve answers for them; HOST= with nothing behind it
    says that the name does not exist. Redirects are followed only as far as --redirect tells them.
    """
    try:
        allow = allowed_hosts(*allowed)
        resolver = StaticResolver(read_answers(answers), others=SystemResolver())
    except InputError as error:
        raise BadOptionError(f"--allow-host: {error.problem} {error.remedy}") from error
    except ValueError as error:
        raise BadOptionError(f"--resolve: {ascii(str(error))[1:-1]}.") from error
    table = read_redirects(urls, redirects)
    for url in urls:
        verdict = check(url, resolver, table, allow)
        # ASCII only: control characters, bidi overrides and lone surrogates must not reach the terminal raw.
        click.echo(json.dumps({"url": url, "decision": verdict.decision, "reason": verdict.reason}, ensure_ascii=True))
