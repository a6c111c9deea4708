"""`scripts/bench` measures what it says, on little: the figures themselves are for quiet machines."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from scripts.lab.bench import curves
from scripts.lab.bench.__main__ import main
from scripts.lab.bench.engine import Place
from worker.engine.device import Precision


@pytest.fixture(autouse=True)
def _threads() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def test_the_engine_against_its_yardsticks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "engine.json"
    asked = "engine --shape bundled --rows 6 --batch 3 --rounds 2 --tutorial-rows 2 --beams 1 2 --threads 1 --json"
    assert main([*asked.split(), str(file)]) == 0
    said, found = capsys.readouterr().out, json.loads(file.read_text())
    assert "bundled, cpu, float32, 1 threads, 6 rows" in said
    assert set(found["tokens_a_second"]) == {"1", "2"}
    for speeds in found["tokens_a_second"].values():
        assert len(speeds) == (4)
        assert all(len(seen) == 2 and min(seen) > 0 for seen in speeds.values())
    assert said.count("| 2 | ") == len(found["tokens_a_second"]["2"])


def test_the_gpu_bench_in_its_precisions(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """On the processor in the GPU's stead, which has no float16."""
    asked = "gpu --shape bundled --rows 2 --batch 2 --rounds 1 --tutorial-rows 1 --beams 1 --threads 1"
    if not torch.cuda.is_available():
        assert main(asked.split()) == 1
        assert "cuda was asked for" in capsys.readouterr().err
        processor = Place(
            device=torch.device("cpu"), loop="bfloat16", generate="bfloat16", ctranslate=Precision.FLOAT32
        )
        monkeypatch.setattr(Place, "gpu", lambda: processor)
    assert main(asked.split()) == 0
    said = capsys.readouterr().out
    assert "`generate`, bfloat16, the same batches" in said
    assert "CTranslate2, float" in said


def test_the_front_end_against_a_view_that_does_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "service.json"
    assert main(["service", "--rounds", "1", "--seconds", "0.3", "--json", str(file)]) == 0
    said, found = capsys.readouterr().out, json.loads(file.read_text())
    rates = found["answers_a_second"]
    assert set(rates) == {"nothing", "status poll", "submission"}
    assert rates["nothing"][0] > rates["submission"][0] > 0
    assert len(found["overhead_ms"]) == 40
    assert found["waits"]["mb"] > 20
    assert 0 < found["waits"]["p50_ms"] <= found["waits"]["p99_ms"]
    assert "1000 open waits" in said


def test_articles_over_http_against_the_bare_engine(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "articles.json"
    assert main(["articles", "--rounds", "1", "--articles", "20", "--sentences", "1", "--json", str(file)]) == 0
    said, found = capsys.readouterr().out, json.loads(file.read_text())
    assert found["segments"] >= 20
    assert found["bare_s"][0] > 0
    assert found["whole_s"][0] > 0
    assert found["tokens_out"] > 20 * 5
    assert 0 <= found["padding"][0] < 1
    assert found["rows_a_step"][0] > 1
    assert len(found["memory_mb"]) == 20
    assert min(found["memory_mb"]) > 100
    assert "% of the bare engine's throughput" in said


def test_curves_and_their_picture(tmp_path: Path) -> None:
    found = curves.measure(1, translator="bundled", threads=1, batches=(1, 4), lengths=(1, 12), rows=4)
    assert all(speed > 0 for speed in found.batches.values())
    (short, quick), (long, slow) = found.lengths.items()
    assert long > short
    assert slow > quick > 0
    assert found.table().count("| 1.00 | ") == 1
    assert "| 1 | 1.0 | " in found.table()
    for name, begins in (("a.svg", b"<?xml"), ("a.png", b"\x89PNG")):
        found.plot(tmp_path / name)
        assert (tmp_path / name).read_bytes().startswith(begins)
    found.plot(tmp_path / "b.svg")
    assert (tmp_path / "b.svg").read_bytes() == (tmp_path / "a.svg").read_bytes()
