"""Tries of a password get slower, per address and per account, and a burst does not get round it.

The first wait is a second of Redis' own clock. So tries that have to meet it are few or sent together: a loaded machine
may take a second for many that follow on one another.
"""

import asyncio

import pytest
from redis.asyncio import Redis

from services.board.throttle import LoginThrottle, Pace


async def _let_time_pass(redis: Redis) -> None:
    async for key in redis.scan_iter("pw:login:*"):
        await redis.hset(key, "until", 0)


async def test_the_wait_doubles_up_to_its_limit(redis):
    """Three tries are free, then the waits are 1, 2, 4 and 4 s."""
    throttle = LoginThrottle(redis, Pace(3, 4), Pace(100, 1))
    assert [await throttle.take("10.0.0.1", "biomed") for _ in range(2)] == [0, 0]
    waits = []
    for _ in range(4):
        looked_at, wait = sorted(await asyncio.gather(*(throttle.take("10.0.0.1", "biomed") for _ in range(2))))
        assert looked_at == 0
        waits.append(wait)
        await _let_time_pass(redis)
    assert [round(wait) for wait in waits] == [1, 2, 4, 4]


async def test_a_refused_try_is_not_counted(redis):
    """Asking again while waiting does not lengthen the wait."""
    throttle = LoginThrottle(redis, Pace(1, 60), Pace(100, 1))
    await throttle.take("10.0.0.1", "biomed")
    waits = await asyncio.gather(*(throttle.take("10.0.0.1", "biomed") for _ in range(8)))
    assert all(0 < wait <= 1 for wait in waits)


async def test_a_burst_counts_every_try(redis):
    """Of twelve tries at once, five are looked at."""
    throttle = LoginThrottle(redis)
    waits = await asyncio.gather(*(throttle.take("10.0.0.1", "biomed") for _ in range(12)))
    assert waits.count(0) == 5


async def test_many_addresses_share_the_limit_of_the_account(redis):
    """Guessing one account from sixteen addresses gets ten free tries, not eighty."""
    throttle = LoginThrottle(redis)
    waits = await asyncio.gather(*(throttle.take(f"10.0.1.{number}", "biomed") for number in range(16)))
    assert waits.count(0) == 10
    assert await throttle.take("10.0.2.1", "somebody") == 0


async def test_ipv6_addresses_of_one_network_count_together(redis):
    """A client has a whole /64, so changing the address within it does not help."""
    throttle = LoginThrottle(redis, Pace(2, 60), Pace(100, 1))
    waits = await asyncio.gather(*(throttle.take(f"2001:db8::{number:x}", f"user{number}") for number in range(10)))
    assert waits.count(0) == 2


@pytest.mark.parametrize("address", ["", "testclient", "fe80::1%eth0"])
async def test_an_address_that_is_none_is_limited_too(redis, address):
    """Whatever the server says of the client, tries are counted."""
    throttle = LoginThrottle(redis, Pace(2, 60), Pace(100, 1))
    assert [await throttle.take(address, f"user{n}") == 0 for n in range(3)] == [True, True, False]


async def test_success_forgets_and_everything_expires(redis):
    """A login that succeeded starts afresh; keys live for an hour at most."""
    throttle = LoginThrottle(redis, Pace(1, 60), Pace(1, 60))
    await throttle.take("10.0.0.1", "biomed")
    assert all([0 < await redis.pttl(key) <= 3_600_000 async for key in redis.scan_iter("pw:login:*")])
    await throttle.forget("10.0.0.1", "biomed")
    assert await throttle.take("10.0.0.1", "biomed") == 0
