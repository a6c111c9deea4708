"""Normal forms of Unicode in linear time."""

from __future__ import annotations

import unicodedata
from typing import Literal

import regex

#: More marks than any script puts on one letter: Unicode's own limit for text in a stream (UAX #15, section 13). To put many in
#: order takes quadratic time.
_MANY_MARKS = regex.compile(r"\p{M}{31,}+")
_WORD = regex.compile(r"\S++")


def normalized(form: Literal["NFC", "NFD", "NFKD"], text: str) -> str:
    """`text` in a normal form; more than 30 marks on one letter stay as they are."""
    if text.isascii():
        return text
    parts: list[str] = []
    place = 0
    for match in _MANY_MARKS.finditer(text):
        parts += unicodedata.normalize(form, text[place : match.start()]), match[0]
        place = match.end()
    return "".join([*parts, unicodedata.normalize(form, text[place:])])


def composed(text: str) -> str:
    """`text` with its accents composed, as models know them; white space stays as it is, which NFC would not see to."""
    if text.isascii() or (not _MANY_MARKS.search(text) and unicodedata.is_normalized("NFC", text)):
        return text
    return str(_WORD.sub(lambda match: normalized("NFC", match[0]), text))
