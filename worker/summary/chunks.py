"""Chunks: text in pieces that a summarisation model can take, with nothing left out."""

from collections.abc import Sequence
from dataclasses import dataclass

from worker.engine.interface import Engine, Role, Tokens
from worker.summary.sentences import count_words, squeeze


@dataclass(frozen=True, slots=True)
class Chunk:
    """One input of the model. `origins` are the indices of the texts that it holds, or holds a part of."""

    tokens: Tokens
    origins: tuple[int, ...]

    @property
    def words(self) -> int:
        """The words in it."""
        return count_words(self.tokens.text)


@dataclass(frozen=True, slots=True)
class _Unit:
    text: str
    tokens: int
    origin: int


def make_chunks(engine: Engine, texts: Sequence[str], limit: int) -> list[Chunk]:
    """Packs texts, in order, into chunks of at most `limit` tokens, special tokens included.

    A text (a sentence) is divided only where it exceeds `limit` by itself: at whitespace, or within a word that does.
    Chunks are of about equal size, as a short last one would be padded out by the model with what is not in it. Blank
    texts are skipped. Raises `ValueError` where not even one character fits.
    """
    units = _fitting_units(engine, [_Unit(squeeze(text), 0, index) for index, text in enumerate(texts)], limit)
    if not units:
        return []
    total = sum(unit.tokens for unit in units)
    target = total / -(-total // limit)
    packs: list[list[_Unit]] = [[]]
    size = 0
    for unit in units:
        # A unit goes to the side of the target that it lies on with its greater half.
        if packs[-1] and (size + unit.tokens > limit or size + unit.tokens / 2 > target):
            packs.append([])
            size = 0
        packs[-1].append(unit)
        size += unit.tokens
    return _tokenized(engine, packs, limit)


def _fitting_units(engine: Engine, units: list[_Unit], limit: int) -> list[_Unit]:
    """The same text in units that fit, halving those that don't."""
    units = [unit for unit in units if unit.text]
    lengths = [len(tokens) for tokens in engine.tokenize(Role.SUMMARIZER, [unit.text for unit in units])]
    fitting: list[_Unit] = []
    for unit, length in zip(units, lengths, strict=True):
        if length <= limit:
            fitting.append(_Unit(unit.text, length, unit.origin))
        else:
            halves = [_Unit(half, 0, unit.origin) for half in _halves(unit.text)]
            fitting.extend(_fitting_units(engine, halves, limit))
    return fitting


def _halves(text: str) -> tuple[str, str]:
    words = text.split()
    if len(words) > 1:
        middle = len(words) // 2
        return " ".join(words[:middle]), " ".join(words[middle:])
    if len(text) < 2:
        raise ValueError("The summarisation model takes too few tokens for a single character.")
    return text[: len(text) // 2], text[len(text) // 2 :]


def _tokenized(engine: Engine, packs: list[list[_Unit]], limit: int) -> list[Chunk]:
    """The chunks of the packs; one that has more tokens joined than its units have apart is halved."""
    chunks: list[Chunk] = []
    texts = [" ".join(unit.text for unit in pack) for pack in packs]
    for pack, tokens in zip(packs, engine.tokenize(Role.SUMMARIZER, texts), strict=True):
        if len(tokens) <= limit or len(pack) == 1:
            chunks.append(Chunk(tokens, tuple(dict.fromkeys(unit.origin for unit in pack))))
        else:
            middle = len(pack) // 2
            chunks.extend(_tokenized(engine, [pack[:middle], pack[middle:]], limit))
    return chunks
