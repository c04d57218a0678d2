"""`takedown canonicalize`: which listing a URL is the address of."""

from __future__ import annotations

import json

import click

from takedown.identity import canonicalize as identify_safely


@click.command("canonicalize")
@click.argument("urls", metavar="URL...", nargs=-1, required=True)
def canonicalize(urls: tuple[str, ...]) -> None:
    """Say which listing each URL is the address of, as one line of JSON.

    Nothing is fetched and no name is looked up. What is not surely one listing gets nulls; a URL that the guard
    refuses gets the platform "rejected".
    """
    for url in urls:
        identity = identify_safely(url)
        line = {
            "url": url,
            "platform": identity.platform,
            "listing_id": identity.listing_id,
            "canonical": identity.canonical,
            "reason": identity.reason,
        }
        # ASCII only: control characters and lone surrogates must not reach the terminal raw.
        click.echo(json.dumps(line, ensure_ascii=True))
