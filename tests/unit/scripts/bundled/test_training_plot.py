"""A run's plot is drawn from its log."""

import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from scripts.lab.bundled import training_plot


def test_plot_has_a_line_for_each_filled_column(tmp_path: Path) -> None:
    log = tmp_path / "log.csv"
    log.write_text(
        "step,target_pieces,loss,bleu_held_out,bleu_watched\n100,200000,5.1,,\n200,400000,4.2,3.5,\n300,600000,3.9,,\n",
        encoding="utf-8",
    )
    training_plot.draw(log, tmp_path / "plot.svg")
    root = ElementTree.fromstring((tmp_path / "plot.svg").read_text(encoding="utf-8"))
    lines = root.findall("{http://www.w3.org/2000/svg}polyline")
    assert [len((line.get("points") or "").split()) for line in lines] == [3, 1]


def test_an_empty_log_is_refused(tmp_path: Path) -> None:
    log = tmp_path / "log.csv"
    log.write_text("step,target_pieces,loss\n", encoding="utf-8")
    with pytest.raises(ValueError, match="no steps to draw"):
        training_plot.draw(log, tmp_path / "plot.svg")
