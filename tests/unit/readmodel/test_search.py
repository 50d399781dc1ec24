"""What the search finds: pumps by a part of their name, care areas, drugs by any name, alerts by their words."""

from datetime import UTC, datetime

from schemas.events import DrugLibrary, LibraryRow
from schemas.library import Library, load_default
from services.readmodel.search import Hit, PumpNames, find_alerts, find_care_areas, find_drugs, find_hospitals
from tests.made_read_model import alert, hear, rollup, store, store_rollups

HOUR = datetime(2026, 11, 23, 17, tzinfo=UTC)


async def test_pumps_by_any_part_of_their_name(redis):
    """The exact name first, then those that begin with it, end with it and hold it; of the hospitals asked for."""
    for name in ("AB12", "ab12-7", "XAB12", "XAB129", "other"):
        await hear(redis, "North", name, "online")
    await hear(redis, "South", "AB12-S", "online")
    pumps = PumpNames(redis)
    found = await pumps.find("aB12", ["North"], 3)
    assert (found.total, [hit.name for hit in found.best]) == (4, ["AB12", "ab12-7", "XAB12"])
    assert (await pumps.find("AB12-S", ["North"], 3)).total == 0
    assert (await pumps.find("12-S", ["North", "South"], 3)).best == [Hit("AB12-S", "South")]


async def test_a_new_pump_is_found_by_its_name_at_once_and_by_a_part_after_a_minute(redis):
    """The names are kept for a minute, so that a search does not cost Redis a list each time."""
    now = 1000.0
    pumps = PumpNames(redis, lambda: now)
    assert (await pumps.find("late", ["North"], 5)).total == 0
    await hear(redis, "North", "late-1", "online")
    assert (await pumps.find("late", ["North"], 5)).total == 0
    assert (await pumps.find("late-1", ["North"], 5)).best == [Hit("late-1", "North")]
    assert (await pumps.find("late-1", ["South"], 5)).total == 0
    now += 61
    assert (await pumps.find("late", ["North"], 5)).best == [Hit("late-1", "North")]


async def test_care_areas_by_their_name(redis):
    """A hospital's name narrows, but finds no care area by itself; a slash in a name is no separator."""
    await store_rollups(
        redis,
        rollup("North", HOUR, care_area="Medical/Surgical ICU"),
        rollup("North", HOUR, care_area="Ward 3"),
        rollup("South", HOUR, care_area="Surgical"),
    )
    both = await find_care_areas(redis, "surgical", ["North", "South"], 5)
    assert both.best == [Hit("Surgical", "South"), Hit("Medical/Surgical ICU", "North")]
    assert (await find_care_areas(redis, "north surgical", ["North", "South"], 5)).best == [
        Hit("Medical/Surgical ICU", "North")
    ]
    assert (await find_care_areas(redis, "north", ["North", "South"], 5)).total == 0
    assert find_hospitals("nor", ["North", "South"], 5).best == [Hit("North")]


async def test_drugs_by_their_names_and_aliases(redis):
    """What was entered comes before what only stands in the library; an alias says of whom it is one."""
    await store_rollups(redis, rollup("North", HOUR, drug="Levophed"), rollup("North", HOUR, drug="Study drug 7"))
    shipped = Library(load_default())

    async def found(text, *hospitals):
        return (await find_drugs(redis, text, hospitals, lambda _: shipped, 5)).best

    assert await found("LEVOPH", "North") == [Hit("norepinephrine", also="levophed")]
    assert await found("study", "North") == [Hit("Study drug 7")]
    assert await found("study", "South") == []
    assert [hit.name for hit in (await found("epinephrine", "North"))[:2]] == ["norepinephrine", "epinephrine"]


async def test_each_hospital_has_its_own_names_of_drugs(redis):
    """An alias that stands in one hospital's library finds nothing for those who may see only another."""
    row = LibraryRow(drug="alteplase", aliases=["clotbuster"], care_area="ward", field="rate", unit="mg/h", source="x")
    own = Library(DrugLibrary(id="s", hospital="South", at=HOUR, version="1", rows=[row]))
    shipped = Library(load_default())

    async def found(*hospitals):
        return (await find_drugs(redis, "clotb", hospitals, {"North": shipped, "South": own}.__getitem__, 5)).best

    assert await found("North") == []
    assert await found("North", "South") == [Hit("alteplase", also="clotbuster")]


async def test_open_alerts_by_their_words(redis):
    """Every word must occur; resolved alerts are not looked at."""
    await store(redis, alert("a"), alert("b", care_area="SICU"), alert("c", state="resolved"))

    def words(stored):
        return f"{stored.alert.care_area} {stored.alert.subject.drug}"

    found = await find_alerts(redis, "norepi sicu", ["North"], words, 100)
    assert [each.alert.fingerprint for each in found] == ["b"]
    assert len(await find_alerts(redis, "norepi", ["North"], words, 100)) == 2
    assert await find_alerts(redis, "norepi", [], words, 100) == []
