"""A small client of the API, for the demo and the tests: JSON over HTTP, as one of the development principals."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any, TypeVar

import urllib3

T = TypeVar("T")


class ApiError(RuntimeError):
    """The API answered with a problem document."""

    def __init__(self, status: int, problem: dict[str, Any]) -> None:
        super().__init__(f"HTTP {status}: {problem.get('detail')}")
        self.status = status
        self.problem = problem


class Client:
    """One caller.

    Parameters
    ----------
    api_url
        Where the API answers.
    token
        Which development principal this is, for example ``dev-preparer``; None for a stranger.
    """

    def __init__(self, api_url: str, token: str | None) -> None:
        self._url = api_url
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._http = urllib3.PoolManager(retries=False, timeout=60)

    def get(self, path: str) -> Any:  # noqa: ANN401 - any JSON
        """Read; raise `ApiError` on a problem."""
        return self.call("GET", path)

    def post(self, path: str, body: Any = None, **headers: str) -> Any:  # noqa: ANN401 - any JSON
        """Send; raise `ApiError` on a problem."""
        return self.call("POST", path, json.dumps(body if body is not None else {}).encode(), headers)

    def all(self, path: str, name: str) -> list[Any]:
        """Read every page of a list; `name` is what the answers call it."""
        found: list[Any] = []
        following = ""
        while True:
            answer = self.get(f"{path}{following}")
            found += answer[name]
            if answer.get("next") is None:
                return found
            following = f"?after={answer['next']}"

    def call(self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None) -> Any:  # noqa: ANN401 - any JSON
        """Send bytes as they are."""
        sent = {**self._headers, **({"Content-Type": "application/json"} if body else {}), **(headers or {})}
        answer = self._http.request(method, self._url + path, body=body, headers=sent)
        data = json.loads(answer.data) if answer.data else {}
        if answer.status >= 400:  # noqa: PLR2004 - HTTP's errors begin here
            raise ApiError(answer.status, data)
        return data


def wait_for(look: Callable[[], T | None], *, seconds: float, what: str, every: float = 0.4) -> T:
    """Look until there is something to see.

    Raises
    ------
    TimeoutError
        There was nothing in time; names what was waited for.
    """
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = look()
        if found is not None:
            return found
        time.sleep(every)
    raise TimeoutError(f"waited {seconds:.0f} s for {what}")
