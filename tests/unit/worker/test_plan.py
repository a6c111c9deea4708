"""What is done with each segment, and that all of them fit the model."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import Literal

import pytest

from worker.engine.fake import FakeEngine, FakeOptions
from worker.engine.interface import ModelInfo, Role, Tokens
from worker.plan import Plan, Route, make_plan
from worker.terms import around

ENGLISH = "The bridge was opened by the mayor on Tuesday and it has been a long time coming for the people of the town."


class CountingEngine(FakeEngine):
    """Remembers how often it was asked to tokenize."""

    def __init__(self, options: FakeOptions | None = None) -> None:
        super().__init__(options)
        self.calls = 0

    def tokenize(self, role: Role, texts: Sequence[str]) -> list[Tokens]:
        self.calls += 1
        return super().tokenize(role, texts)


@pytest.fixture
def engine() -> Iterator[CountingEngine]:
    with closing(CountingEngine()) as engine:
        yield engine


def routes(plan: Plan) -> dict[str, Route]:
    return {segment.source: segment.route for segment in plan.segments}


def test_what_has_no_words_is_left_alone(engine: CountingEngine) -> None:
    run, address = "QmFz0" * 20, "https://exemple.fr/" + "a/" * 60
    plan = make_plan(f"{run}\nVoici : {run}\n{address}\n{'木漏' * 40}", None, engine, segment_tokens=64)
    assert routes(plan) == {
        run: Route.OPAQUE, f"Voici : {run}": Route.TRANSLATE, address: Route.KEEP, "木漏" * 40: Route.OPAQUE,
    }  # fmt: skip
    (use,) = next(segment.uses for segment in plan.segments if segment.source.startswith("Voici"))
    assert (use.wanted, use.term.kept, use.term.named) == (run, True, False)


@pytest.mark.parametrize(
    ("format", "article"),
    [
        ("markdown", "Le *chat noir* dort, dit `miaou()`.\n\n```\ndu code\n```\n"),
        ("html", "<p>Le <em>chat noir</em> dort, dit <code>miaou()</code>.</p><pre>du code</pre>"),
    ],
)
def test_markup_is_no_business_of_the_model(
    engine: CountingEngine, format: Literal["markdown", "html"], article: str
) -> None:
    plan = make_plan(article, "Le *titre*", engine, segment_tokens=64, format=format)
    assert [segment.source for segment in plan.segments] == ["Le *titre*", "Le chat noir dort, dit miaou()."]
    assert [use.wanted for use in plan.segments[1].uses] == ["miaou()"]
    assert [phrase.source for phrase in plan.phrases] == ["chat noir"]


@pytest.mark.parametrize(
    ("format", "article", "kept"),
    [
        ("markdown", "Lancez `print. Bonjour le monde` ensuite.", ["print. Bonjour le monde"]),
        ("markdown", "Lancez `a. Bon`, `b. Mal` puis `c()`. Fin.", ["a. Bon", "b. Mal", "c()"]),
        ("html", '<p>La marque <span translate="no">Bien Vu. Bien Dit</span> ouvre.</p>', ["Bien Vu. Bien Dit"]),
        ("html", f"<p>Lancez <code>{'Un mot. ' * 40}</code> ensuite. Fin.</p>", [("Un mot. " * 40).strip()]),
        (
            "html",
            f"<p>{'Le maire parle, ' * 30} <code>{'un mot ' * 10}</code> puis part.</p>",
            [("un mot " * 10).strip()],
        ),
        ("html", f"<p>Le maire l'<code>{'un mot ' * 60}</code>-là.</p>", [("un mot " * 60).strip()]),
    ],
)
def test_what_is_kept_is_never_cut(
    engine: CountingEngine, format: Literal["markdown", "html"], article: str, kept: list[str]
) -> None:
    plan = make_plan(article, None, engine, segment_tokens=32, format=format)
    assert plan.markup is not None
    assert plan.body.paragraphs[0].source == plan.markup.blocks[0].text
    found = []
    for segment in plan.segments:
        if segment.route is Route.KEEP and any(map(str.isalpha, segment.source)):
            found.append(segment.source)
        else:
            assert segment.tokens is not None
            assert len(segment.tokens) <= 32
            found += [use.wanted for use in segment.uses]
            rest = "".join(part for part in around(segment.source, segment.uses) if isinstance(part, str))
            assert not any(text in rest for text in kept)
    assert found == kept


def test_each_segment_goes_its_way(engine: CountingEngine) -> None:
    plan = make_plan(f"Il pleut sur Paris. 12 %.\n***\n{ENGLISH}\n", None, engine, segment_tokens=64)
    assert routes(plan)["Il pleut sur Paris."] is Route.TRANSLATE
    assert routes(plan)["***"] is Route.KEEP
    assert routes(plan)[ENGLISH] is Route.ENGLISH
    assert [segment.tokens is None for segment in plan.segments] == [
        segment.route is not Route.TRANSLATE for segment in plan.segments
    ]


def test_the_title_comes_first_and_is_no_paragraph(engine: CountingEngine) -> None:
    plan = make_plan("Il pleut.\nIl neige.", "Le temps qu'il fait. Il change.", engine, segment_tokens=64)
    assert [segment.paragraph for segment in plan.segments] == [None, None, 0, 1]
    assert plan.title is not None
    assert plan.title.source == "Le temps qu'il fait. Il change."
    assert len({segment.sentence for segment in plan.segments}) == 4, "a sentence of the title is none of the body's"


@pytest.mark.parametrize("title", [None, "", " \n"])
def test_a_blank_title_is_none(engine: CountingEngine, title: str | None) -> None:
    plan = make_plan("Il pleut.", title, engine, segment_tokens=64)
    assert plan.title is None
    assert [segment.source for segment in plan.segments] == ["Il pleut."]


@pytest.mark.parametrize(("wanted", "models_own", "limit"), [(16, 512, 16), (160, 20, 20)])
def test_pieces_fit_the_setting_and_the_model(wanted: int, models_own: int, limit: int) -> None:
    text = "Il pleut. " + "Le maire, qui est venu, a dit que la ville, qui dort, serait belle, " * 20 + "un jour."
    with closing(FakeEngine(FakeOptions(max_source_tokens=models_own))) as engine:
        plan = make_plan(text, None, engine, segment_tokens=wanted)
    assert max(len(segment.tokens) for segment in plan.segments if segment.tokens is not None) <= limit
    assert "".join(segment.source for segment in plan.segments).replace(" ", "") == text.replace(" ", "")
    first, *pieces = plan.segments
    assert {piece.sentence for piece in pieces} == {pieces[0].sentence}
    assert first.sentence != pieces[0].sentence
    assert [segment.segment for segment in plan.segments] == list(range(len(plan.segments)))


def test_the_tokens_are_those_of_the_very_segment(engine: CountingEngine) -> None:
    text = "Il pleut. " + "Le maire a dit que, comme il pleut, " * 30 + "il rentre. Il neige."
    for segment in make_plan(text, None, engine, segment_tokens=32).segments:
        assert segment.tokens is not None
        assert segment.tokens.text == segment.source


def test_an_article_is_tokenized_in_one_call(engine: CountingEngine) -> None:
    make_plan("Il pleut. Il neige.\n" * 500, None, engine, segment_tokens=64)
    assert engine.calls == 1


def test_an_engine_without_a_translator_is_a_mistake(engine: CountingEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    def info(role: Role) -> ModelInfo | None:
        return None

    monkeypatch.setattr(engine, "info", info)
    with pytest.raises(RuntimeError, match="no translator"):
        make_plan("Il pleut.", None, engine, segment_tokens=64)
