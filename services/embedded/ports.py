"""Free ports on loopback for servers that must keep their port over a restart."""

from __future__ import annotations

import contextlib
import random
import socket

LOOPBACK = "127.0.0.1"

# Below Linux's ephemeral range (32768-60999): while a server is down no client's outgoing connection can take
# its port, so it can start again on the same one.
_LOWEST, _HIGHEST = 20_000, 32_000


def free_ports(count: int) -> list[int]:
    """Return `count` different TCP ports that were free a moment ago, each held until all are found."""
    with contextlib.ExitStack() as held:
        ports: list[int] = []
        while len(ports) < count:
            port = random.SystemRandom().randint(_LOWEST, _HIGHEST)
            candidate = held.enter_context(socket.socket())
            try:
                candidate.bind((LOOPBACK, port))
            except OSError:
                continue
            ports.append(port)
        return ports


def free_port() -> int:
    """Return one TCP port that was free a moment ago."""
    return free_ports(1)[0]


def answers(port: int) -> bool:
    """Tell whether something listens on the loopback port."""
    try:
        with socket.create_connection((LOOPBACK, port), timeout=1):
            return True
    except OSError:
        return False
