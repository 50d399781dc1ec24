"""The board stops whatever its tasks are doing."""

import asyncio
import contextlib

from services.board.app import end


async def test_a_task_that_missed_its_cancellation_is_cancelled_again():
    """A Redis call that gets its answer in the same moment drops the cancellation; the board must stop all the same."""
    missed = asyncio.Event()

    async def misses_one() -> None:
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        missed.set()
        await asyncio.Event().wait()

    async def is_done() -> None:
        return

    tasks = [asyncio.create_task(misses_one()), asyncio.create_task(is_done())]
    await asyncio.sleep(0)
    async with asyncio.timeout(60):
        await end(tasks)
    assert missed.is_set()
    assert [task.done() for task in tasks] == [True, True]
