"""Web and e-mail addresses in a text."""

from __future__ import annotations

import re

from worker.text.document import BLANKS

_URL = re.compile(r"(?:https?://|\bwww\.)[^\s«»“”<>\"]+", re.IGNORECASE)
_EMAIL = re.compile(r"(?<![\w.+%-])[\w.+%-]++@[\w-]++(?:\.[\w-]++)++")
_HOST = re.compile(r"(?<![\w.@/-])[a-zA-Z0-9-]++(?:\.[a-zA-Z0-9-]++)++(?:/[^\s«»“”<>\"]*)?")
_TOP_LEVEL = frozenset(
    ["fr", "com", "org", "net", "eu", "be", "ch", "ca", "info", "io", "gov", "edu", "uk", "int", "tv"]
)
_TRAILING = ".,;:!?…)]}'’\"»”" + BLANKS


def without_addresses(text: str) -> tuple[str, list[str], list[str]]:
    """`text` without its links and e-mail addresses, and these."""
    links: list[str] = []
    emails: list[str] = []

    def take(match: re.Match[str], into: list[str]) -> str:
        address = match[0].rstrip(_TRAILING)
        into.append(address)
        return " " + match[0][len(address) :]

    def take_host(match: re.Match[str]) -> str:
        host = match[0].split("/")[0]
        return take(match, links) if host.rsplit(".", 1)[-1].lower() in _TOP_LEVEL else match[0]

    text = _EMAIL.sub(lambda match: take(match, emails), text)
    text = _URL.sub(lambda match: take(match, links), text)
    return _HOST.sub(take_host, text), links, emails


def is_within(address: str, text: str) -> bool:
    """Whether `text` has `address` with no further letter, digit or dash at either end of it."""
    place = text.find(address)
    while place >= 0:
        before, after = text[place - 1 : place], text[place + len(address) : place + len(address) + 1]
        if not (before.isalnum() or before in ("-", "_") or after.isalnum() or after in ("-", "_")):
            return True
        place = text.find(address, place + 1)
    return False
