import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from worker.context import engine_options
from worker.engine import EngineOptions, build_engine, fake
from worker.engine.fake import EXIT_DIED, FakeDecoder, FakeEngine, FakeOptions, hashed_bag
from worker.engine.interface import DecodeOptions, EngineError, Role
from worker.engine.lexicon import mark
from worker.engine.queue import BatchLimits
from worker.settings import Settings
from worker.text import check

T, S = Role.TRANSLATOR, Role.SUMMARIZER
ROOT = Path(__file__).parents[4]


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("Le maire de Lyon a promis de l'eau.", "The mayor of Lyon has promisish of the water."),
        ("Selon M. Dupont, 12,5 % le 3 mars 2024 !", "According to M. Dupont, 12,5 % the 3 March 2024!"),
        (
            "Écrire à jean@exemple.fr ou https://exemple.fr/été?a=1",
            "Ecrireish to jean@exemple.fr or https://exemple.fr/été?a=1",
        ),
        ("« Jamais », dit-elle.", "«Never», says-she."),
        ("", ""),
    ],
)
def test_marking_keeps_numbers_names_and_links(source: str, target: str) -> None:
    assert mark(source) == target


def test_what_it_makes_of_articles_passes_the_checks_of_translations() -> None:
    engine = FakeEngine()
    for path in sorted((ROOT / "docs" / "samples").glob("*.fr.txt")):
        lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
        outputs = [future.result(20) for future in engine.submit(T, path.name, engine.tokenize(T, lines))]
        assert lines
        for line, output in zip(lines, outputs, strict=True):
            assert output.text != line
            assert check(line, output.text) == []
    engine.close()


def test_it_is_the_same_in_every_process() -> None:
    code = (
        "from worker.engine.fake import *; from worker.engine.interface import Role\n"
        "e = FakeEngine(); t = e.tokenize(Role.TRANSLATOR, ['Le chat dort.'])\n"
        "o = e.submit(Role.TRANSLATOR, 'j', t)[0].result(); print(t[0].ids, o.text, o.vector.tolist())"
    )
    said = {
        subprocess.run(
            [sys.executable, "-c", code], env={"PYTHONHASHSEED": seed}, cwd=ROOT, check=True, capture_output=True
        ).stdout
        for seed in ("1", "2")
    }
    assert len(said) == 1


def test_it_starts_without_torch() -> None:
    code = (
        "import sys; from worker.engine import EngineOptions, build_engine; import worker.engine.registry\n"
        "build_engine(EngineOptions(kind='fake')).close()\n"
        "print(sorted({'torch', 'transformers', 'huggingface_hub'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "[]"


def test_it_has_a_summarizer_only_where_one_is_named() -> None:
    for name, there in ((None, False), ("bundled", False), ("any", True)):
        engine = build_engine(EngineOptions(kind="fake", summarizer=name))
        assert (engine.info(S) is not None) is there
        engine.close()


def test_summaries_are_leading_sentences_within_the_limit() -> None:
    engine = FakeEngine()
    text = "One two three. Four five six. Seven eight nine. Ten eleven twelve. Done now."
    tokens = engine.tokenize(S, [text])

    def summary(limit: int | None) -> str:
        return engine.submit(S, "job", tokens, DecodeOptions(max_new_tokens=limit))[0].result(20).text

    assert summary(9) == "One two three. Four five six."
    assert summary(None) == "One two three."
    engine.close()


def test_vectors_are_of_length_one_and_nearer_for_shared_words() -> None:
    rain, wet, bread = (
        hashed_bag(text, 256) for text in ("pluie forte demain", "forte pluie hier", "le prix du pain augmente")
    )

    assert np.linalg.norm(rain) == pytest.approx(1)
    assert rain @ wet > 0.5 > abs(rain @ bread)
    assert not hashed_bag("", 8).any()


def test_a_marked_text_fails_and_its_neighbours_do_not() -> None:
    engine = FakeEngine(FakeOptions(fail_on="ÉCHEC"))
    good, bad = engine.submit(T, "job", engine.tokenize(T, ["Le chat.", "Un ÉCHEC."]))

    assert good.result(20).text == "The chatish."
    with pytest.raises(EngineError, match="the marker was met"):
        bad.result(20)
    engine.close()


def test_running_out_of_memory_halves_its_batches() -> None:
    engine = FakeEngine(FakeOptions(oom_rows=2))
    futures = engine.submit(T, "job", engine.tokenize(T, ["Le chat."] * 9))

    assert {future.result(20).text for future in futures} == {"The chatish."}
    assert engine.stats().retries >= 4
    engine.close()


def test_a_marked_text_hangs_the_engine() -> None:
    engine = FakeEngine(FakeOptions(hang_on="BLOCAGE"), BatchLimits(close_s=0.05))
    (future,) = engine.submit(T, "job", engine.tokenize(T, ["Un BLOCAGE."]))

    with pytest.raises(TimeoutError):
        future.result(0.1)
    assert engine.busy_since() is not None
    engine.close()
    with pytest.raises(EngineError):
        future.result(0)


def test_a_marked_text_ends_the_process() -> None:
    code = (
        "from worker.engine.fake import *; from worker.engine.interface import Role\n"
        "e = FakeEngine(FakeOptions(die_on='MORT'))\n"
        "e.submit(Role.TRANSLATOR, 'j', e.tokenize(Role.TRANSLATOR, ['Une MORT.']))[0].result(20)"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == EXIT_DIED


def test_every_setting_of_it_reaches_it(monkeypatch: pytest.MonkeyPatch) -> None:
    values: dict[str, object] = {"seconds_per_token": 0.25, "seconds_per_batch": 1.5, "oom_rows": 3}
    values |= {"die_on": "meurs", "hang_on": "fige", "fail_on": "rate"}
    for name, value in values.items():
        monkeypatch.setenv(f"DEPECHE_FAKE_{name.upper()}", str(value))
    taken: list[FakeOptions | None] = []
    monkeypatch.setattr(fake, "FakeEngine", lambda options, limits: taken.append(options))
    build_engine(engine_options(Settings.load(engine="fake")))
    assert taken == [FakeOptions(summarizer=False, **values)]  # type: ignore[arg-type]  # names and types are the settings'


def test_it_takes_its_time() -> None:
    engine = FakeEngine(FakeOptions(seconds_per_batch=0.05, seconds_per_token=0.01))
    began = time.monotonic()
    engine.submit(T, "job", engine.tokenize(T, ["Le chat dort.", "Non."]))[1].result(20)

    assert time.monotonic() - began >= 0.05 + 2 * 5 * 0.01
    engine.close()


def test_a_fake_without_vectors_says_so() -> None:
    decoder = FakeDecoder(FakeOptions(width=0))
    info = decoder.info(T)

    assert info is not None
    assert not info.has_vectors
