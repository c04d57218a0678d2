"""Runs one worker and makes sure that nothing of it is left behind.

A worker starts other processes (a browser starts dozens, in sessions of their own), so killing its process group is
not enough. This guard is a subreaper: whatever loses its parent below it becomes its child. It ends everything below
it when the worker ends, when the local cloud closes the watch pipe, and when the local cloud dies, however it dies:
then the kernel closes the pipe. (A parent-death signal alone would not do: it fires when the *thread* that started the
worker ends.)

Run as a plain file with ``python -I -S``, so it starts in some 15 ms and imports nothing of ours.
"""

from __future__ import annotations

import ctypes
import os
import select
import signal
import sys
import threading
import time

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
ON_LINUX = sys.platform == "linux"
PARENT_CHECK_SECONDS = 2.0
KILL_SECONDS = 5.0


def prctl(option: int, value: int) -> None:
    """Ask the kernel, where it is Linux; elsewhere the watch pipe and the process group have to do."""
    if ON_LINUX:
        ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0)


def descendants(root: int) -> list[int]:
    """Return the ids of every process below `root`, the nearest first; empty where there is no ``/proc``."""
    children: dict[int, list[int]] = {}
    for name in os.listdir("/proc") if ON_LINUX else []:  # noqa: PTH208 - as below
        if not name.isdigit():
            continue
        try:
            with open(f"/proc/{name}/stat", "rb") as file:  # noqa: PTH123 - pathlib would double the start-up time
                parent = int(file.read().rpartition(b")")[2].split()[1])
        except (FileNotFoundError, ProcessLookupError):
            continue  # it ended while we looked
        children.setdefault(parent, []).append(int(name))
    found: list[int] = []
    waiting = [root]
    while waiting:
        below = children.get(waiting.pop(), [])
        found += below
        waiting += below
    return found


def kill_everything() -> None:
    """End all processes below this one, and wait until they are gone."""
    deadline = time.monotonic() + KILL_SECONDS
    while time.monotonic() < deadline:
        for process in descendants(os.getpid()):
            try:
                os.kill(process, signal.SIGKILL)
            except ProcessLookupError:
                continue
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return
        time.sleep(0.01)


def watch(pipe: int) -> None:
    """Kill everything as soon as the local cloud closes the pipe or is gone."""
    parent = os.getppid()
    while os.getppid() == parent:
        readable, _, _ = select.select([pipe], [], [], PARENT_CHECK_SECONDS)
        if readable:
            break
    kill_everything()
    os.killpg(0, signal.SIGKILL)  # this process too; where there is no /proc, this is what ends the worker


def main(pipe: int, command: list[str]) -> int:
    """Run `command` until it ends or the pipe is closed; return its exit status as a shell would."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the local cloud; it closes the pipe
    prctl(PR_SET_CHILD_SUBREAPER, 1)
    guard = os.getpid()
    worker = os.fork()
    if worker == 0:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.close(pipe)
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != guard:  # the guard died before the kernel knew what to do then
            os._exit(1)
        os.execv(command[0], command)  # noqa: S606 - the command is the local cloud's own
    threading.Thread(target=watch, args=(pipe,), daemon=True).start()
    _, status = os.waitpid(worker, 0)
    kill_everything()
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.argv[2:]))
