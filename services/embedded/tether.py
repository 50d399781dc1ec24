"""Become another program, and die with the process that asked for it.

Run as a script: `python tether.py PARENT_PID NICENESS PROGRAM ARGUMENT...`. The kernel then sends the program
SIGKILL when its parent ends, even by `kill -9`, so that no server is left behind. Linux only; elsewhere the
program runs untied and is ended by its parent's normal shutdown alone.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from typing import NoReturn

_PR_SET_PDEATHSIG = 1  # linux/prctl.h


def tethered(command: list[str], niceness: int = 0) -> list[str]:
    """Return the command line that runs `command` tied to the calling process.

    `niceness` (0 to 19) lets more urgent programs go first. Start it from the main thread: the kernel ties to the
    thread that forked, not to the process.
    """
    return [sys.executable, "-I", "-S", __file__, str(os.getpid()), str(niceness), *command]


def _become(parent: int, niceness: int, command: list[str]) -> NoReturn:
    os.nice(niceness)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    # The parent may have ended before the tie was made: then nobody would ever send the signal.
    if os.getppid() != parent:
        sys.exit(1)
    try:
        os.execvp(command[0], command)  # noqa: S606 - replacing this process is the point; there is no shell
    except OSError as error:
        sys.exit(f"{command[0]} cannot be started: {error.strerror}")


if __name__ == "__main__":
    _become(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:])
