"""The guard of one capture: judges each request of the visitor, with one answer of DNS for the whole capture."""

from __future__ import annotations

import threading

from takedown.errors import NameLookupError, UrlRefusedError
from takedown.guard import whatwg
from takedown.guard.gate import AllowedHosts
from takedown.guard.judge_url import Admission, admit
from takedown.guard.policy import IPAddress
from takedown.guard.resolver import Resolver


class Guarding:
    """Judges URLs and keeps the decisions.

    Parameters
    ----------
    most
        How many decisions are kept; refusals beyond it are still made.
    """

    def __init__(self, resolver: Resolver, allow: AllowedHosts, *, most: int) -> None:
        self._resolver = _OneAnswer(resolver)
        self._allow = allow
        self._most = most
        self._decisions: dict[str, None] = {}
        self._lock = threading.Lock()

    @property
    def decisions(self) -> list[str]:
        """The decisions in order, each once."""
        with self._lock:
            return list(self._decisions)

    def admit(self, url: str) -> Admission:
        """Judge a URL for the main frame: all of it.

        Raises
        ------
        UrlRefusedError
            The guard refuses it.
        """
        try:
            admission = admit(url, self._resolver, self._allow)
        except UrlRefusedError as error:
            self._keep(f"refuse {as_text(url[:300])}: {error.problem}")
            raise
        self._keep(f"allow {admission.host}:{admission.port}: {admission.reason}")
        return admission

    def judge(self, url: str, navigation: bool) -> str | None:  # noqa: FBT001 - the visitor's question, as it is asked
        """Return why a request is refused, or None.

        Of what a page asks for besides itself, only where it leads is judged: pages put more than 4,096 characters
        into the addresses of their pictures, and mean no harm.
        """
        try:
            self.admit(url if navigation else _origin(url))
        except UrlRefusedError as error:
            return error.problem
        return None

    def _keep(self, decision: str) -> None:
        with self._lock:
            if len(self._decisions) < self._most:
                self._decisions[decision] = None


def as_text(url: str) -> str:
    """Return a URL so that any record can hold it: lone surrogates, which are no text, are written out."""
    return url.encode("utf-8", "backslashreplace").decode()


def _origin(url: str) -> str:
    try:
        parsed = whatwg.parse(url)
    except ValueError:
        return url  # the gate will say why
    return f"{parsed.protocol}//{parsed.host}/"


class _OneAnswer:
    """A resolver that keeps to its first answer: a name cannot lead elsewhere a moment later."""

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver
        self._answers: dict[str, tuple[IPAddress, ...] | NameLookupError] = {}

    def resolve(self, host: str) -> tuple[IPAddress, ...]:
        if host not in self._answers:
            try:
                self._answers[host] = self._resolver.resolve(host)
            except NameLookupError as error:
                self._answers[host] = error
        answer = self._answers[host]
        if isinstance(answer, NameLookupError):
            raise answer
        return answer
