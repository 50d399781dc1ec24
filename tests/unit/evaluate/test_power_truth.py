"""What really happened, as the ledger keeps it: stretches, their causes, silences."""

import pytest

from schemas.codec import from_ms
from schemas.events import PowerEvent
from services.evaluate.power_truth import Ledger
from services.pumps.truth import AlarmTruth, PowerTruth, SilenceTruth

START = 1_793_577_600_000
MINUTE = 60_000


class Story:
    """A pump's events by the minute; every event is heard by the ledger."""

    def __init__(self, health=1.0):
        self.ledger = Ledger(START + 1000 * MINUTE)
        self.health = health

    def say(self, minute, source, kind="heartbeat", *, infusing=True, location="bay 1"):
        at = round(START + minute * MINUTE)
        event = PowerEvent(
            id=f"{minute}-{kind}", hospital="h", care_area="ICU", pump="P-1", at=from_ms(at), seq=0, model="m",
            kind=kind, source=source, charge_pct=50.0, charging=False, infusing=infusing, rate_ml_h=1.0,
            channels_running=1, location=location,
        )  # fmt: skip
        self.ledger.hear(event, at, self.health, 100.0)

    def unplug(self, minute, why="practice"):
        self.ledger.tell(
            PowerTruth(at=from_ms(round(START + minute * MINUTE)), hospital="h", care_area="ICU", pump="P-1", why=why,
                       health=self.health)
        )  # fmt: skip
        self.say(minute, "battery", "unplugged")

    def low(self, minute, new_minutes):
        at = from_ms(START + minute * MINUTE)
        self.ledger.tell(
            AlarmTruth(at=at, pump="P-1", alarm="low", minutes=30.0, new_minutes=new_minutes, health=self.health)
        )

    def silent(self, minute, until):
        self.ledger.tell(
            SilenceTruth(at=from_ms(START + minute * MINUTE), until=from_ms(START + until * MINUTE), pump="P-1")
        )

    def spans(self):
        return [((one.start - START) / MINUTE, (one.end - START) / MINUTE) for one in self.ledger.audible()]


def test_a_stretch_lasts_from_the_plug_to_the_plug():
    story = Story()
    story.say(0, "mains")
    story.unplug(1.5)
    story.say(2, "battery")
    story.say(20.25, "mains", "plugged")
    assert story.spans() == [(1.5, 20.25)]
    assert story.ledger.stretches[0].cause == "practice"
    assert story.ledger.infusing_ms == 20.25 * MINUTE


def test_not_infusing_is_no_part_of_it():
    """A pump stopped for a minute or more begins another stretch; for less it goes on."""
    story = Story()
    story.unplug(0)
    story.say(5, "battery", "stopped", infusing=False)
    story.say(5.5, "battery", "started")
    story.say(10, "battery", "stopped", infusing=False)
    story.say(11, "battery", "started")
    story.say(15, "mains", "plugged")
    assert story.spans() == [(0, 10), (11, 15)]


@pytest.mark.parametrize(
    ("health", "new_minutes", "cause", "grey"),
    [(0.6, 90, "battery_fault", False), (0.6, 25, "practice", False), (0.75, 90, "practice", True),
     (0.95, 90, "practice", False)],
)  # fmt: skip
def test_a_low_alarm_is_the_batterys_fault_if_it_is_worn_and_a_new_one_would_go_on(health, new_minutes, cause, grey):
    """Between worn and sound it is nobody's fault, and not asked for."""
    story = Story(health)
    story.unplug(0)
    story.low(30, new_minutes)
    story.say(40, "mains", "plugged")
    (stretch,) = story.ledger.audible()
    assert (stretch.cause, stretch.grey) == (cause, grey)


def test_a_stay_at_the_magnet_is_a_journey():
    story = Story()
    story.unplug(0, "mri")
    story.say(60, "mains", "plugged")
    assert story.ledger.stretches[0].cause == "transport"


def test_a_long_silence_parts_a_stretch_and_a_short_one_does_not():
    """Nothing is told of a pump that says nothing: 20 silent minutes are nobody's, ten are the stretch's."""
    story = Story()
    story.unplug(0)
    for minute in range(1, 100):
        if minute in (30, 60):
            story.silent(minute, minute + (20 if minute == 30 else 10))
        story.say(minute, "battery")
    story.say(100, "mains", "plugged")
    assert story.spans() == [(0, 30), (50, 100)]
    assert all(one.parted for one in story.ledger.audible())
    assert [silence.active for silence in story.ledger.silences] == [True, True]


def test_a_silence_on_mains_is_not_one_on_battery():
    story = Story()
    story.say(0, "mains")
    story.silent(5, 50)
    assert [silence.active for silence in story.ledger.silences] == [False]
