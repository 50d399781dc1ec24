"""The cells of all hospitals in bounded memory: few as objects, the others packed; those taught longest ago leave."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from streams.intent.counts import Cell, pack, unpack

if TYPE_CHECKING:
    from collections.abc import Iterator

UNPACKED = 4096
"""Cells kept as objects, about 10 KB each: 40 MB."""
CELL_BYTES = 90
DRUG_BYTES = 500
"""What a packed cell and a drug of a hospital take beside the packed bytes, measured."""


class Drug(NamedTuple):
    """A drug in a unit at a hospital, all by their canonical names."""

    hospital: str
    drug: str
    unit: str


class Shelf:
    """Cells by drug and source partition."""

    def __init__(self, memory_bytes: int) -> None:
        self._most_bytes = memory_bytes
        self._bytes = 0
        # The least recently taught first.
        self._drugs: dict[Drug, dict[int, Cell | bytes]] = {}
        self._unpacked: dict[tuple[Drug, int], Cell] = {}

    def __len__(self) -> int:
        return len(self._drugs)

    def __contains__(self, drug: Drug) -> bool:
        return drug in self._drugs

    @property
    def memory(self) -> int:
        """About how much memory the packed cells take."""
        return self._bytes

    def drugs(self) -> Iterator[Drug]:
        """All drugs, those taught longest ago first."""
        return iter(self._drugs)

    def cells(self, drug: Drug) -> Iterator[Cell]:
        """The cells of a drug, one for each source partition that taught."""
        for cell in self._drugs.get(drug, {}).values():
            yield cell if isinstance(cell, Cell) else unpack(cell)

    def get(self, drug: Drug, partition: int) -> Cell | None:
        """One cell, to look at."""
        cell = self._drugs.get(drug, {}).get(partition)
        return unpack(cell) if isinstance(cell, bytes) else cell

    def open(self, drug: Drug, partition: int) -> Cell | None:
        """One cell, to be changed."""
        place = (drug, partition)
        cell = self._unpacked.get(place)
        if cell is not None:
            if len(self._unpacked) < UNPACKED // 2:
                return cell  # room enough: the order does not matter
            del self._unpacked[place]
        else:
            packed = self._drugs.get(drug, {}).get(partition)
            if not isinstance(packed, bytes):
                return packed  # None: whatever is not packed was found above
            cell = unpack(packed)
            self._drugs[drug][partition] = cell
            self._bytes -= CELL_BYTES + len(packed)
        self._unpacked[place] = cell
        self._pack_oldest()
        return cell

    def add(self, drug: Drug, partition: int, cell: Cell) -> None:
        """A new cell, to be changed."""
        self._of(drug)[partition] = cell
        self._unpacked[drug, partition] = cell
        self._pack_oldest()

    def put(self, drug: Drug, partition: int, cell: Cell) -> None:
        """Keep a cell instead of the one there, packed: it is changed elsewhere."""
        cells = self._of(drug)
        before = cells.get(partition)
        if isinstance(before, bytes):
            self._bytes -= CELL_BYTES + len(before)
        self._unpacked.pop((drug, partition), None)
        self._keep(cells, partition, cell)

    def forget_oldest(self) -> Iterator[tuple[Drug, list[Cell]]]:
        """Drugs that no longer fit, with their cells, for who counts on them."""
        while self._bytes > self._most_bytes and len(self._drugs) > 1:
            drug = next(iter(self._drugs))
            cells = list(self.cells(drug))
            for partition, cell in self._drugs.pop(drug).items():
                self._unpacked.pop((drug, partition), None)
                self._bytes -= CELL_BYTES + len(cell) if isinstance(cell, bytes) else 0
            self._bytes -= DRUG_BYTES
            yield drug, cells

    def _of(self, drug: Drug) -> dict[int, Cell | bytes]:
        cells = self._drugs.get(drug)
        if cells is None:
            cells = self._drugs[drug] = {}
            self._bytes += DRUG_BYTES
        return cells

    def _pack_oldest(self) -> None:
        if len(self._unpacked) > UNPACKED:
            drug, partition = place = next(iter(self._unpacked))
            cells = self._drugs.pop(drug)
            self._drugs[drug] = cells  # now the newest to be forgotten
            self._keep(cells, partition, self._unpacked.pop(place))

    def _keep(self, cells: dict[int, Cell | bytes], partition: int, cell: Cell) -> None:
        packed = pack(cell)
        cells[partition] = packed
        self._bytes += CELL_BYTES + len(packed)
