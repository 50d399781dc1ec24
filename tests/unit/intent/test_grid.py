"""Tables over the grid: picking places from them, and densities of a change seen from one value."""

from streams.intent import grid
from streams.intent.grid import Differences, picker


def test_places_are_picked_in_their_order_however_few():
    """Also one that is asked for twice, a single one, and none."""
    table = [float(cell) for cell in range(grid.SIZE)]
    for places in ((7, 3, 7), (grid.SIZE - 1,), ()):
        assert list(picker(places)(table)) == [float(place) for place in places]


def test_a_density_of_changes_seen_from_a_cell_is_a_table_over_the_grid():
    """From either end of the grid as from within, its own cell is no change; it is the same when asked again."""
    table = Differences(float(apart) for apart in range(1 - grid.SIZE, grid.SIZE))
    for cell in (0, 123, grid.SIZE - 1):
        for _ in range(2):
            seen = table.since(cell)
            assert seen == [float(place - cell) for place in range(grid.SIZE)]
