"""How often a password may be tried: freely a few times, then with a delay that doubles, per address and account.

A try is counted before the password is looked at, so a thousand tries at once are a thousand tries.
"""

from __future__ import annotations

import hashlib
import ipaddress
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from redis.asyncio import Redis


@dataclass(frozen=True, slots=True)
class Pace:
    """`free` tries, then 1 s, 2 s, 4 s ... up to `longest_s`. Judgement: a person mistypes less than five times."""

    free: int
    longest_s: int


PER_ADDRESS = Pace(free=5, longest_s=15 * 60)
# Short at most: somebody who guesses from many addresses must not lock the account's owner out for long.
PER_ACCOUNT = Pace(free=10, longest_s=30)
# Failures are forgotten after this long without another try.
_FORGET_MS = 3600 * 1000

_TAKE = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local wait = 0
for i = 1, #KEYS do
  wait = math.max(wait, tonumber(redis.call('HGET', KEYS[i], 'until') or '0') - now)
end
if wait > 0 then return wait end
for i = 1, #KEYS do
  local tries = redis.call('HINCRBY', KEYS[i], 'tries', 1)
  local free, longest = tonumber(ARGV[2 * i]), tonumber(ARGV[2 * i + 1])
  if tries >= free then
    redis.call('HSET', KEYS[i], 'until', now + 1000 * math.min(longest, 2 ^ math.min(tries - free, 30)))
  end
  redis.call('PEXPIRE', KEYS[i], ARGV[1])
end
return 0
"""


class LoginThrottle:
    """Counts tries in Redis, so that a restart forgets nothing and several boards count together."""

    def __init__(self, redis: Redis, per_address: Pace = PER_ADDRESS, per_account: Pace = PER_ACCOUNT) -> None:
        self._redis = redis
        self._paces = (per_address, per_account)
        self._take = redis.register_script(_TAKE)

    async def take(self, address: str, user: str) -> float:
        """Count a try and return 0, or return the seconds to wait, uncounted, where it comes too early."""
        limits = [figure for pace in self._paces for figure in (pace.free, pace.longest_s)]
        wait_ms = await self._take(keys=_keys(address, user), args=[_FORGET_MS, *limits])
        return int(wait_ms) / 1000

    async def forget(self, address: str, user: str) -> None:
        """Forget the failures after a login that succeeded."""
        await self._redis.delete(*_keys(address, user))


def _keys(address: str, user: str) -> list[str]:
    return [f"pw:login:address:{_network(address)}", f"pw:login:account:{hashlib.sha256(user.encode()).hexdigest()}"]


def _network(address: str) -> str:
    """An IPv6 client has a whole /64 to itself, so that is what is counted."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return "unknown"
    return str(ipaddress.ip_network((parsed, 64), strict=False)) if parsed.version == 6 else str(parsed)
