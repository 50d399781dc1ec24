"""Calibration and precision against recall, as PNG."""

from __future__ import annotations

from typing import TYPE_CHECKING

import matplotlib as mpl

mpl.use("Agg")

import numpy as np
from matplotlib import pyplot as plt

from services.evaluate import metrics
from services.evaluate.tables import MODELS

if TYPE_CHECKING:
    from pathlib import Path

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from services.evaluate.judged import Judged

_SIZE = (6.4, 4.8)
_DPI = 150
_BANDS = 12


def draw(folder: Path, name: str, judged: dict[str, Judged]) -> list[Path]:
    """Write `<name>-calibration.png` and `<name>-precision-recall.png`; the folder is made if it is missing."""
    folder.mkdir(parents=True, exist_ok=True)
    likelihoods = {of: judged[of] for of in ("ours", "oracle")}
    paths = [folder / f"{name}-calibration.png", folder / f"{name}-precision-recall.png"]
    _calibration(paths[0], name, likelihoods)
    _precision(paths[1], name, judged)
    return paths


def _calibration(path: Path, name: str, judged: dict[str, Judged]) -> None:
    """Said against true, both on logarithms, as most entries are far below 1%."""
    figure, axes = plt.subplots(figsize=_SIZE)
    edges = np.array([0.0, *np.geomspace(1e-4, 1.0, _BANDS), np.inf])
    for of, one in judged.items():
        found = one.calibration(edges=edges)
        filled = (found.share > 0) & (found.true > 0)
        axes.plot(
            found.said[filled], found.true[filled], "o-", label=f"{MODELS[of]}, error {one.calibration().error:.4f}"
        )
    axes.plot([1e-5, 1], [1e-5, 1], "k:", label="as it says")
    axes.set(xscale="log", yscale="log", xlim=(1e-5, 1.2), ylim=(1e-5, 1.2))
    axes.set_xlabel("error likelihood said")
    axes.set_ylabel(f"share of slips, {metrics.TRUE_RATE:.1%} of all entries")
    axes.set_title(f"Calibration, {name}")
    _save(figure, axes, path)


def _precision(path: Path, name: str, judged: dict[str, Judged]) -> None:
    figure, axes = plt.subplots(figsize=_SIZE)
    for of, one in judged.items():
        # Each precision holds for the slips gained with it, as in the average.
        precision, recall = metrics.precision_recall(one.right(), one.wrong())
        axes.step(recall, precision, where="pre", label=f"{MODELS[of]}, {one.average_precision():.3f}")
    axes.set(xlim=(0, 1), ylim=(0, 1.02))
    axes.set_xlabel("share of slips found")
    axes.set_ylabel(f"share of flagged that are slips, at {metrics.TRUE_RATE:.1%}")
    axes.set_title(f"Precision and recall, {name}")
    _save(figure, axes, path)


def _save(figure: Figure, axes: Axes, path: Path) -> None:
    axes.legend(fontsize="small")
    axes.grid(visible=True, alpha=0.3)
    figure.tight_layout()
    figure.savefig(path, dpi=_DPI)
    plt.close(figure)
