"""The processes of one visit: what they hold in memory, and that none of them outlives it.

A browser starts its parts in sessions of their own, so killing a process group is not enough: the tree below the
visitor is looked at again and again, and whatever once belonged to it is ended with it, even after it lost its parent.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
HAS_PROC = (PROC / "self" / "stat").exists()
POLL_SECONDS = 0.02


@dataclass(frozen=True)
class Process:
    """One process as the system lists it."""

    pid: int
    parent: int
    start: str
    """When it began; with the pid, this names a process for ever."""
    dead: bool
    """Ended, and only waiting for its parent to notice."""


class ProcessTree:
    """A process and everything that it starts, directly or not.

    Parameters
    ----------
    root
        Its process id. It must be a child of ours that nobody has waited for yet.
    """

    def __init__(self, root: int) -> None:
        self._root = root
        self._known: dict[int, str] = {}

    def alive(self) -> list[Process]:
        """Look at the system; return what lives of the tree, orphans included."""
        processes = _processes()
        children: dict[int, list[Process]] = {}
        for process in processes.values():
            children.setdefault(process.parent, []).append(process)
        known = [pid for pid, start in self._known.items() if pid in processes and processes[pid].start == start]
        waiting = [self._root, *known]
        while waiting:
            pid = waiting.pop()
            for child in children.get(pid, []):
                if self._known.get(child.pid) != child.start:
                    self._known[child.pid] = child.start
                    waiting.append(child.pid)
        if self._root in processes:
            self._known[self._root] = processes[self._root].start
        return [
            found
            for pid, start in self._known.items()
            if (found := processes.get(pid)) and found.start == start and not found.dead
        ]

    def memory(self) -> int:
        """Return the bytes that the tree holds for itself: shared program code is not counted for each process."""
        return sum(_memory(process.pid) for process in self.alive())

    def prune(self) -> None:
        """End everything but the root and what it started itself: the browser, and not the driver that tells of it."""
        for process in self.alive():
            if self._root not in {process.pid, process.parent}:
                _kill(process.pid)

    def kill(self, *, seconds: float) -> list[int]:
        """End the whole tree at once; return the ids of what would not die in time."""
        deadline = time.monotonic() + seconds
        while living := self.alive():
            for process in living:
                _kill(process.pid)
            if time.monotonic() > deadline:
                return [process.pid for process in living]
            time.sleep(POLL_SECONDS)
        return []


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return  # it ended by itself


def _processes() -> dict[int, Process]:
    return _from_proc() if HAS_PROC else _from_ps()


def _from_proc() -> dict[int, Process]:
    found: dict[int, Process] = {}
    for name in os.listdir(PROC):  # noqa: PTH208 - ten times a second, over hundreds of entries
        if not name.isdigit():
            continue
        try:
            # proc(5): the name in parentheses may hold anything; the fields behind it are state, ppid, …, 22 starttime.
            fields = (PROC / name / "stat").read_bytes().rpartition(b")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue  # it ended while we looked
        found[int(name)] = Process(int(name), int(fields[1]), fields[19].decode(), fields[0] in {b"Z", b"X"})
    return found


def _from_ps() -> dict[int, Process]:
    command = ["/bin/ps", "-A", "-o", "pid=,ppid=,stat=,lstart="]
    listing = subprocess.run(command, capture_output=True, text=True, check=True).stdout  # noqa: S603 - fixed arguments
    found: dict[int, Process] = {}
    for line in listing.splitlines():
        pid, parent, state, start = line.split(None, 3)
        found[int(pid)] = Process(int(pid), int(parent), start, state.startswith("Z"))
    return found


def _memory(pid: int) -> int:
    """Anonymous and shared memory of one process; 0 where the system does not tell, or where it has just ended."""
    try:
        lines = (PROC / str(pid) / "status").read_text("ascii", "replace").splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    # proc(5): "RssAnon:     1234 kB"
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith(("RssAnon:", "RssShmem:")))


def command_line(pid: int) -> list[str]:
    """Return the arguments that a process was really started with."""
    if HAS_PROC:
        return [
            part.decode("utf-8", "replace") for part in (PROC / str(pid) / "cmdline").read_bytes().split(b"\0") if part
        ]
    command = ["/bin/ps", "-o", "args=", "-p", str(pid)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()  # noqa: S603 - fixed
