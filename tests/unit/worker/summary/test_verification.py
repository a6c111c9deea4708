from tests.unit.worker.summary.articles import plain
from worker.summary.records import Flag, Sentence, SummarySentence
from worker.summary.verification import MIN_SUPPORT, is_doubtful, replace_doubtful

BRIDGE = "The bridge of Morvelle reopened on Monday."
WORKS = "The works cost 48 million euros in all."
BAND = "A band of twelve played two long pieces."
IT = "It played in the rain until the evening."


def _line(text: str, *, support: float = 1.0, unsupported: tuple[str, ...] = ()) -> SummarySentence:
    return SummarySentence(text, ((0, 0),), support, (), unsupported)


def _texts(lines: list[SummarySentence], sentences: list[Sentence], max_words: int = 100) -> list[str]:
    return [line.text for line in replace_doubtful(lines, sentences, max_words)]


def test_only_what_is_borne_out_stays() -> None:
    assert not is_doubtful(_line(BRIDGE))
    assert not is_doubtful(_line(BRIDGE, support=MIN_SUPPORT))
    assert is_doubtful(_line(BRIDGE, support=MIN_SUPPORT - 0.01))
    assert is_doubtful(_line(BRIDGE, unsupported=("Monday",)))
    lines = [_line(BRIDGE), _line("The works were dear.")]
    assert replace_doubtful(lines, plain([BRIDGE]), 3) == tuple(lines)


def test_a_wrong_sentence_gives_way_to_its_evidence() -> None:
    wrong = _line("The works cost 52 million euros.", unsupported=("52 million",))
    first, second = replace_doubtful([_line(BRIDGE), wrong], plain([BRIDGE, WORKS, BAND]), 100)
    assert first == _line(BRIDGE)
    assert second == SummarySentence(WORKS, ((0, 1),), 1.0, (Flag.REPLACED,))


def test_evidence_is_said_once() -> None:
    wrong = _line("The works cost 52 million euros.", unsupported=("52 million",))
    assert _texts([wrong, wrong], plain([WORKS])) == [WORKS]
    assert _texts([_line(WORKS), wrong], plain([WORKS])) == [WORKS]


def test_evidence_that_does_not_fit_is_left_out() -> None:
    wrong = _line("The works cost 52 million euros.", unsupported=("52 million",))
    assert _texts([_line(BRIDGE), wrong], plain([BRIDGE, WORKS]), 14) == [BRIDGE]
    assert _texts([_line(BRIDGE), wrong], plain([BRIDGE, WORKS]), 15) == [BRIDGE, WORKS]


def test_evidence_that_leans_on_others_or_is_no_sentence_is_left_out() -> None:
    wrong = _line("It played in Paris until the evening.", unsupported=("Paris",))
    assert _texts([_line(BRIDGE), wrong], plain([BRIDGE, IT])) == [BRIDGE]
    headline = Sentence(paragraph=0, segment=0, source="Le pont", target="Works cost 48 million", complete=False)
    assert _texts([_line(BRIDGE), _line("The works cost 52.", unsupported=("52",))], [headline]) == [BRIDGE]


def test_pieces_of_a_sentence_stand_together() -> None:
    pieces = [
        Sentence(paragraph=0, segment=i, source=text, target=text, sentence=1)
        for i, text in enumerate(["The works cost", "48 million euros in all."])
    ]
    (line,) = replace_doubtful([_line("They cost 52 million euros.", unsupported=("52 million",))], pieces, 100)
    assert line.text == WORKS
    assert line.evidence == ((0, 0), (0, 1))


def test_where_nothing_is_left_sentences_are_chosen() -> None:
    foreign = _line("Elephants dislike submarines.", support=0.0)
    (line,) = replace_doubtful([foreign], plain([BRIDGE, BAND]), 100)
    assert (line.text, line.flags) == (BRIDGE, (Flag.REPLACED,))
    (cut,) = replace_doubtful([foreign], plain([BRIDGE, BAND]), 5)
    assert cut.flags == (Flag.REPLACED, Flag.CUT)
    assert replace_doubtful([], plain([BRIDGE]), 5) == ()
