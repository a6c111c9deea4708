"""Sentences that are too long for a model, cut into pieces that fit.

Cuts go to clause ends where there are any: after a semicolon, a colon or a dash, then after a comma, then before a
conjunction or a relative pronoun, then at any blank, and inside a word only where the word alone is too long. No
character but blanks is left out, and no grapheme cluster is cut.

Lengths are measured by the caller's tokeniser, which is neither cheap nor additive. So all words of all sentences are
measured in one call, the cuts are planned on these numbers, and the pieces are measured again; what turned out too long
is planned anew. A round is one or two calls whatever the number of sentences, and rounds are few: each one halves, at
least, what it has to cut again.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from itertools import pairwise

import regex

from worker.text.abbreviations import words
from worker.text.document import Document, Span

#: Gives the number of tokens of each string, as the model would see it: special tokens included.
Length = Callable[[Sequence[str]], Sequence[int]]

#: The price of a cut, in full pieces: how far from an even share it is worth going for a better one.
CLAUSE, PHRASE, COMMA, RELATIVE, CONJUNCTION, BLANK, BOUND, JOINED = 0.0, 0.05, 0.2, 0.4, 0.8, 1.2, 1.6, 2.0
#: The price of a cut that makes one piece more than is needed.
EXTRA = 0.1
#: No piece is smaller than this share of an even one, where that can be helped.
SMALLEST = 0.4

#: Words that start clauses, and hardly anything else.
_RELATIVES = words(
    """
    mais car que qui dont où quand lorsque puisque parce alors tandis laquelle lequel lesquels lesquelles auquel duquel
    quoique
    """
)
_CONJUNCTIONS = words("et ou or ni donc comme si afin pour pendant après avant depuis sans avec ainsi puis tout")
_ELIDED = re.compile(r"(?:[qQ]u|[lL]orsqu|[pP]uisqu|[jJ]usqu|[sS])['’](?=ils?\b|elles?\b|on\b|un|en\b|à|au|[aeéiou])")
_BOUND = words(
    """
    le la les un une des du de à au aux ce cet cette ces son sa ses mon ma mes leur leurs notre nos votre vos en sur dans
    par sous chez très plus moins ne se je tu il elle on nous vous ils elles n° art. p. M. Mme MM. Mlle Dr Me
    et ou mais que qui dont où quand lorsque puisque car pour sans avec millions milliards milliers
    """
)
_DASHES = frozenset("–—―-")
_CLOSERS = "»”’\"')]"
#: A blank that no grapheme cluster reaches across.
_GAP = regex.compile(r"(?<!\p{GCB=Prepend})\s++(?!\p{GCB=Extend}|\p{GCB=SpacingMark}|\p{GCB=ZWJ})")
_CLUSTER = regex.compile("[\ud800-\udbff][\udc00-\udfff]|\\X")


def split_to_fit(sentence: str, length: Length, limit: int) -> list[Span]:
    """Offsets of the pieces of `sentence`, none of more than `limit` tokens by `length`; blanks alone lie between them.

    A grapheme cluster of more than `limit` tokens is a piece on its own: the one way in which a piece can be too long.
    Raises ValueError if `limit` is under 1.
    """
    return split_all_to_fit([sentence], length, limit)[0]


def split_all_to_fit(
    sentences: Sequence[str], length: Length, limit: int, whole: Sequence[Sequence[Span]] = ()
) -> list[list[Span]]:
    """`split_to_fit` for many sentences, with as few calls of `length` as for one.

    `whole` has for each sentence what must not be cut, in order, without outer blanks: what is too long of that is a piece
    on its own.
    """
    if limit < 1:
        raise ValueError(f"a limit of {limit} tokens")
    whole = whole or [()] * len(sentences)
    done: list[list[Span]] = [[] for _ in sentences]
    pending = [(number, (0, len(text))) for number, text in enumerate(sentences)]
    overhead = -1
    while pending:
        failed: list[tuple[int, Span, int]] = []
        counts = length([sentences[number][start:end] for number, (start, end) in pending])
        for (number, span), count in zip(pending, counts, strict=True):
            if count <= limit:
                done[number].append(span)
            else:
                failed.append((number, span, count))
        pending = []
        if failed and overhead < 0:
            overhead = max(0, min(length([""])[0], limit - 1))
        rows = [_apart(sentences[number], span, whole[number]) for number, span, _ in failed]
        parts = [sentences[case[0]][a:b] for case, row in zip(failed, rows, strict=True) for a, b in row]
        weights = iter(length(parts) if parts else ())
        for (number, span, count), row in zip(failed, rows, strict=True):
            text = sentences[number]
            if row:
                room = [max(next(weights) - overhead, 1) for _ in row]
                pieces = _pack(text, row, room, count - overhead, limit - overhead)
            else:
                pieces = _around(span, whole[number]) or _chop(text, span, count - overhead, limit - overhead)
            if len(pieces) == 1:
                done[number].append(span)
            else:
                pending += [(number, piece) for piece in pieces]
    return [sorted(spans) for spans in done]


def fit(document: Document, length: Length, limit: int) -> Document:
    """`document` with every segment of more than `limit` tokens cut into several."""
    return document.refine(lambda sources: split_all_to_fit(sources, length, limit))


def _apart(text: str, span: Span, whole: Sequence[Span]) -> list[Span]:
    """What stands between blanks in `span`, but for those inside of `whole`; nothing if that is not two words at least."""
    found: list[Span] = []
    place = span[0]
    for gap in _GAP.finditer(text, *span):
        inside = bisect_right(whole, gap.span()) - 1
        if inside >= 0 and gap.end() < whole[inside][1]:
            continue
        if gap.start() > place:
            found.append((place, gap.start()))
        place = gap.end()
    if place < span[1]:
        found.append((place, span[1]))
    return found if len(found) > 1 else []


def _around(span: Span, whole: Sequence[Span]) -> list[Span]:
    """A word cut where those of `whole` begin and end that it holds; nothing if it holds none."""
    held = whole[bisect_left(whole, (span[0], 0)) : bisect_right(whole, (span[1], 0))]
    edges = [edge for kept in held if kept[1] <= span[1] for edge in kept]
    return [(start, end) for start, end in pairwise([span[0], *edges, span[1]]) if start < end] if edges else []


def _pack(text: str, words: Sequence[Span], room: Sequence[int], total: int, most: int) -> list[Span]:
    """Group `words`, which need `room` tokens each and `total` > `most` together, into pieces of at most `most`.

    There are as few pieces as seem sensible, of about the same size, and at least two.
    """
    known = sum(room)
    scale = max(1.0, total / known)  # words may take more tokens side by side than apart
    pieces: list[Span] = []
    left, first = known * scale, 0
    while left > most and first < len(words) - 1:
        count = math.ceil(left / most)
        share = left / count
        weight, best, cheapest = 0.0, first, math.inf
        for place in range(first, len(words) - 1):
            weight += room[place] * scale
            if weight > most:
                break
            if weight < SMALLEST * share:
                best = place
                continue
            price = _price(text, words[place], words[place + 1]) + abs(weight - share) / most
            if left - weight > (count - 1) * most:
                price += EXTRA
            if price <= cheapest:
                best, cheapest = place, price
        pieces.append((words[first][0], words[best][1]))
        left -= sum(room[first : best + 1]) * scale
        first = best + 1
    pieces.append((words[first][0], words[-1][1]))
    return pieces


def _price(text: str, word: Span, following: Span) -> float:
    """What a cut between two words costs."""
    # What decides stands at the edges: a giant word is not copied.
    before, after = (
        text[max(word[0], word[1] - 12) : word[1]],
        text[following[0] : min(following[1], following[0] + 14)],
    )
    end = before.rstrip(_CLOSERS)[-1:]
    if after[0] in ";:!?»”,." or before in ("«", "“", "("):
        return JOINED
    if end in (";", ":", ".", "!", "?", "…") or after in _DASHES:
        return BOUND if before in _BOUND else CLAUSE
    first = after.lower()
    relative = first in _RELATIVES or bool(_ELIDED.match(after))
    conjunction = first in _CONJUNCTIONS
    if end == "," and before[:-1].lower() in _BOUND:  # ``que, ‖dès lors,``
        return BLANK
    if end == ",":
        return PHRASE if relative or conjunction else COMMA
    if before[-1].isdigit() and after[0].isdigit():
        return JOINED
    if before.lower() in _BOUND or before in _DASHES or before[-1].isdigit():
        return BOUND
    if relative:
        return RELATIVE
    return CONJUNCTION if conjunction or after[0] in "«“(" else BLANK


def _chop(text: str, span: Span, total: int, most: int) -> list[Span]:
    """Cut a word of `total` > `most` tokens at grapheme clusters, into even pieces: two at least, if it has two."""
    ends = [cluster.end() for cluster in _CLUSTER.finditer(text, *span)]
    count = min(len(ends), math.ceil(total / most))
    places = [span[0], *(ends[len(ends) * part // count - 1] for part in range(1, count + 1))]
    return list(pairwise(places))
