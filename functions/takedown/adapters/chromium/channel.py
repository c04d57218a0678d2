"""The visitor's end of the two pipes."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable
from typing import BinaryIO

from takedown.adapters.chromium.wire import Answer, Ask, Job, Message


class Channel:
    """Speaks to the capture function.

    Parameters
    ----------
    source
        Where its lines come from.
    target
        Where ours go.
    hung_up
        Called when it closes its end: then nobody waits for this visit any more.
    """

    def __init__(self, source: BinaryIO, target: BinaryIO, hung_up: Callable[[], None]) -> None:
        self._source = source
        self._target = target
        self._hung_up = hung_up
        self._waiting: dict[int, asyncio.Future[str | None]] = {}
        self._asked = 0
        self._listener: asyncio.Task[None] | None = None

    async def open(self) -> Job:
        """Read the job, then listen for answers from now on."""
        reader = asyncio.StreamReader(limit=1 << 20)
        await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), self._source)
        job = Job.model_validate_json(await reader.readline())
        self._listener = asyncio.create_task(self._listen(reader))
        return job

    def tell(self, message: Message) -> None:
        """Report something. A pipe that is full blocks: the other side reads at once, or is gone."""
        self._target.write(message.model_dump_json().encode() + b"\n")
        self._target.flush()

    async def ask(self, url: str, *, navigation: bool) -> str | None:
        """Ask the guard about a URL; return why it is refused, or None."""
        self._asked += 1
        number = self._asked
        self._waiting[number] = asyncio.get_running_loop().create_future()
        self.tell(Ask(ask=number, url=url, navigation=navigation))
        try:
            return await self._waiting[number]
        finally:
            del self._waiting[number]

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        while line := await reader.readline():
            answer = Answer.model_validate_json(line)
            waiting = self._waiting.get(answer.ask)
            if waiting is not None and not waiting.done():
                waiting.set_result(answer.refusal)
        self._hung_up()


def private_pipes() -> tuple[BinaryIO, BinaryIO]:
    """Take standard input and output away from everybody else: a stray print would break the protocol."""
    source = os.fdopen(os.dup(sys.stdin.fileno()), "rb", buffering=0)
    target = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, sys.stdin.fileno())
    os.close(nothing)
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return source, target
