"""Web and e-mail addresses in a text."""

from __future__ import annotations

import re
from collections.abc import Sequence

from worker.text.document import BLANKS, Span

_URL = re.compile(r"(?:https?://|\bwww\.)[^\s«»“”<>\"]+", re.IGNORECASE)
_EMAIL = re.compile(r"(?<![\w.+%-])[\w.+%-]++@[\w-]++(?:\.[\w-]++)++")
_HOST = re.compile(r"(?<![\w.@/-])[a-zA-Z0-9-]++(?:\.[a-zA-Z0-9-]++)++(?:/[^\s«»“”<>\"]*)?")
_TOP_LEVEL = frozenset(
    ["fr", "com", "org", "net", "eu", "be", "ch", "ca", "info", "io", "gov", "edu", "uk", "int", "tv"]
)
_TRAILING = ".,;:!?…)]}'’\"»”" + BLANKS


def without_addresses(text: str) -> tuple[str, list[str], list[str]]:
    """`text` without its links and e-mail addresses, and these."""
    emails, links = _found(text)
    parts: list[str] = []
    place = 0
    for start, end in sorted([*emails, *links]):
        parts += text[place:start], " "
        place = end
    return "".join([*parts, text[place:]]), [text[a:b] for a, b in links], [text[a:b] for a, b in emails]


def address_spans(text: str) -> list[Span]:
    """Where the links and e-mail addresses of `text` stand, in order."""
    emails, links = _found(text)
    return sorted([*emails, *links])


def _found(text: str) -> tuple[list[Span], list[Span]]:
    """Where e-mail addresses and links stand."""
    emails = [_trimmed(match) for match in _EMAIL.finditer(text)]
    text = _blanked(text, emails)
    links = [_trimmed(match) for match in _URL.finditer(text)]
    text = _blanked(text, links)
    hosts = [match for match in _HOST.finditer(text) if _top_level(match[0]) in _TOP_LEVEL]
    return emails, [*links, *map(_trimmed, hosts)]


def _trimmed(match: re.Match[str]) -> Span:
    return match.start(), match.start() + len(match[0].rstrip(_TRAILING))


def _top_level(host: str) -> str:
    return host.split("/")[0].rsplit(".", 1)[-1].lower()


def _blanked(text: str, spans: Sequence[Span]) -> str:
    """`text` with blanks in place of what is at `spans`, as many characters long."""
    parts: list[str] = []
    place = 0
    for start, end in spans:
        parts += text[place:start], " " * (end - start)
        place = end
    return "".join([*parts, text[place:]])


def is_within(address: str, text: str) -> bool:
    """Whether `text` has `address` with no further letter, digit or dash at either end of it."""
    place = text.find(address)
    while place >= 0:
        before, after = text[place - 1 : place], text[place + len(address) : place + len(address) + 1]
        if not (before.isalnum() or before in ("-", "_") or after.isalnum() or after in ("-", "_")):
            return True
        place = text.find(address, place + 1)
    return False
