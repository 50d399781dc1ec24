"""Tries of a password get slower, per address and per account, and a burst does not get round it."""

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
    waits = []
    for _ in range(6):
        await _let_time_pass(redis)
        assert await throttle.take("10.0.0.1", "biomed") == 0
        waits.append(await throttle.take("10.0.0.1", "biomed") if len(waits) >= 2 else 0)
    assert [round(wait) for wait in waits] == [0, 0, 1, 2, 4, 4]


async def test_a_refused_try_is_not_counted(redis):
    """Asking again while waiting does not lengthen the wait."""
    throttle = LoginThrottle(redis, Pace(1, 60), Pace(100, 1))
    await throttle.take("10.0.0.1", "biomed")
    waits = [await throttle.take("10.0.0.1", "biomed") for _ in range(20)]
    assert all(0 < wait <= 1 for wait in waits)


async def test_a_burst_counts_every_try(redis):
    """Of fifty tries at once, five are looked at."""
    throttle = LoginThrottle(redis)
    waits = await asyncio.gather(*(throttle.take("10.0.0.1", "biomed") for _ in range(50)))
    assert waits.count(0) == 5


async def test_many_addresses_share_the_limit_of_the_account(redis):
    """Guessing one account from a hundred addresses gets ten free tries, not five hundred."""
    throttle = LoginThrottle(redis)
    waits = [await throttle.take(f"10.0.1.{number}", "biomed") for number in range(100)]
    assert waits.count(0) == 10
    assert await throttle.take("10.0.2.1", "somebody") == 0


async def test_ipv6_addresses_of_one_network_count_together(redis):
    """A client has a whole /64, so changing the address within it does not help."""
    throttle = LoginThrottle(redis, Pace(2, 60), Pace(100, 1))
    waits = [await throttle.take(f"2001:db8::{number:x}", f"user{number}") for number in range(10)]
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
