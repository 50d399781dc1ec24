"""A worker whose dose agent fails in the way that FAULT names, once it has something to do."""

import asyncio
import os
import time

from services.worker import run
from streams.agents.dose import DoseAgent
from streams.settings import Settings


async def take(self, batch):
    match os.environ["FAULT"]:
        case "hang":
            await asyncio.sleep(3600)
        case "block":
            time.sleep(3600)  # noqa: ASYNC251 (blocking the loop is the fault)
        case "raise":
            raise RuntimeError("broken on purpose")


DoseAgent.take = take
run(Settings.load())
