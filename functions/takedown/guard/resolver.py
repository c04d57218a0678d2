"""Names to addresses: all of them, or an error that says why there are none."""

from __future__ import annotations

import socket
from collections.abc import Iterable, Mapping
from ipaddress import ip_address
from typing import Protocol

from takedown.errors import NameLookupFailedError, NameNotFoundError
from takedown.guard.policy import IPAddress
from takedown.guard.whatwg import canonical_host


class Resolver(Protocol):
    """Gives all addresses of a name."""

    def resolve(self, host: str) -> tuple[IPAddress, ...]:
        """Return every A and AAAA answer for a canonical name, at least one, none twice.

        Raises
        ------
        NameNotFoundError
            No such name.
        NameLookupFailedError
            No usable answer.
        """
        ...


class SystemResolver:
    """The machine's own resolver, with its hosts file and search list, as a browser would use it.

    `getaddrinfo` knows no time-out: whoever calls has a budget and keeps it.
    """

    def resolve(self, host: str) -> tuple[IPAddress, ...]:
        """Ask for A and AAAA at once. See `Resolver.resolve`."""
        try:
            # Bytes, so that Python's own (older, IDNA 2003) encoding of names never gets a say.
            answers = socket.getaddrinfo(host.encode("ascii"), None, type=socket.SOCK_STREAM)
        except socket.gaierror as error:
            if error.errno in {socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)}:
                raise NameNotFoundError(host) from error
            raise NameLookupFailedError(host, error.strerror or str(error.errno)) from error
        except (OSError, UnicodeError) as error:
            raise NameLookupFailedError(host, type(error).__name__) from error
        # dict keeps the resolver's order of preference and drops repetitions.
        addresses = tuple(dict.fromkeys(ip_address(str(answer[4][0])) for answer in answers))
        if not addresses:
            raise NameNotFoundError(host)
        return addresses


class StaticResolver:
    """Answers from a table: for tests, and for `--resolve`.

    Parameters
    ----------
    table
        Name to addresses; none means that the name does not exist. Names may be written in any spelling.
    others
        Asked for names that the table does not hold; without it, they do not exist.

    Raises
    ------
    ValueError
        A name or an address that is none.
    """

    def __init__(self, table: Mapping[str, Iterable[str]], others: Resolver | None = None) -> None:
        self._table: dict[str, tuple[IPAddress, ...]] = {}
        for spelling, addresses in table.items():
            host = canonical_host(spelling)
            # Two spellings of one name add up: every answer is to be judged.
            answers = (*self._table.get(host, ()), *map(ip_address, addresses))
            self._table[host] = tuple(dict.fromkeys(answers))
        self._others = others

    def resolve(self, host: str) -> tuple[IPAddress, ...]:
        """Answer from the table. See `Resolver.resolve`."""
        if self._others is not None and host not in self._table:
            return self._others.resolve(host)
        addresses = self._table.get(host, ())
        if not addresses:
            raise NameNotFoundError(host)
        return addresses
