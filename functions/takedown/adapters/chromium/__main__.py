"""The visitor: a process of its own, without credentials, that meets one page and ends.

Started by `capture_page` as ``python -m takedown.adapters.chromium``; speaks `wire` over its standard input and output.
"""

from __future__ import annotations

import asyncio
import os
import resource
from pathlib import Path

from takedown.adapters.chromium.channel import Channel, private_pipes
from takedown.adapters.chromium.visit import Visit
from takedown.adapters.chromium.wire import Ended


def _hung_up() -> None:
    """End at once: nobody waits any more. The driver loses its pipe and ends, and the browser with it."""
    os._exit(3)


async def _main() -> None:
    source, target = private_pipes()
    channel = Channel(source, target, _hung_up)
    job = await channel.open()
    visit = Visit(job, channel, Path.cwd())
    verdict = await visit.run()
    channel.tell(Ended(outcome=verdict.outcome, detail=verdict.detail))
    # Tasks that wait for a page that is gone would keep a polite exit waiting.
    os._exit(0)


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a crash leaves no memory image of a page on the disk
    asyncio.run(_main())
