"""`pumpwatch practice` on the sums of a real Redis."""

from datetime import UTC, datetime

import msgspec
import pytest
from redis import Redis

from services.practice import PowerSums

pytestmark = pytest.mark.servers


def test_the_command_names_the_unit_with_the_habit(redis_url, pumpwatch):
    """2 in 10 hours on battery with an episode every four hours, beside units with one in forty."""
    client = Redis.from_url(redis_url)
    client.sadd("pw:hospitals", "st-habit")
    for day in range(1, 21):
        hour = f"2026-11-{day:02}T09Z"
        client.zadd("pw:hours:st-habit", {hour: day})
        at = datetime(2026, 11, day, 9, tzinfo=UTC)
        for unit, often in (("SICU", 5), ("MICU", 1), ("CCU", 0)):
            causes = {"practice": often if unit != "MICU" else day % 2}
            one = PowerSums(unit, at, 1200.0, 60.0 * often, causes)
            client.hset(f"pw:roll:st-habit:{hour}", f"{unit}/-/0", msgspec.json.encode(one))
    said = pumpwatch("practice", "--hospital", "st-habit", "--json", PUMPWATCH_REDIS=redis_url)
    assert said.returncode == 0, said.stderr
    verdicts = {line["of"][0]: line["verdict"] for line in map(msgspec.json.decode, said.stdout.splitlines())}
    assert verdicts["SICU"] == "often"
    assert verdicts["CCU"] == "seldom"

    table = pumpwatch("practice", "--hospital", "st-habit", PUMPWATCH_REDIS=redis_url)
    (row,) = [line for line in table.stdout.splitlines() if "SICU" in line]
    assert " often " in row


@pytest.mark.parametrize(
    ("arguments", "says"),
    [(("--hospital", "nobody"), "nothing was heard"), (("--hospital", "x", "--zone", "Mars"), "--zone Mars")],
)
def test_what_cannot_be_judged_is_said_in_one_line(arguments, says, redis_url, pumpwatch):
    said = pumpwatch("practice", *arguments, PUMPWATCH_REDIS=redis_url)
    assert said.returncode != 0
    assert says in said.stderr
    assert "Traceback" not in said.stderr
