"""A glossary in a file, as the command line takes it."""

import json
from pathlib import Path
from typing import Any

from service.commands.articles import ArticleError, decode

#: What stands between a French term and its English, in the order in which it is looked for.
_SEPARATORS = ("\t", "=")


class GlossaryError(Exception):
    """A glossary can't be read. The message is one line for people."""


def read_glossary(path: Path) -> dict[str, Any]:
    """The terms of a file in UTF-8: JSON as in the interface, or a line `French = English` (or a tab) for each term.

    Blank lines and those that begin with # say nothing. Raises `GlossaryError`; what the terms may be is for the server to say.
    """
    try:
        text = decode(path.read_bytes())
    except OSError as error:
        raise GlossaryError(f"{path}: {error.strerror}") from None
    except ArticleError as error:
        raise GlossaryError(f"{path}: {error}") from None
    terms = _from_json(path, text) if path.suffix.lower() == ".json" else _from_lines(path, text)
    if not terms:
        raise GlossaryError(f"{path}: it has no terms")
    return terms


def _from_json(path: Path, text: str) -> dict[str, Any]:
    try:
        terms = json.loads(text)
    except ValueError as error:
        raise GlossaryError(f"{path}: it is not JSON: {error}") from None
    if not isinstance(terms, dict):
        raise GlossaryError(f'{path}: it takes an object such as {{"comité": "works council"}}')
    return terms


def _from_lines(path: Path, text: str) -> dict[str, Any]:
    terms: dict[str, Any] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        separator = next((one for one in _SEPARATORS if one in line), None)
        french, _, english = line.partition(separator) if separator else (line, "", "")
        french, english = french.strip(), english.strip()
        if not french or not english:
            raise GlossaryError(f"{path}, line {number}: write it as French = English")
        if french in terms and terms[french] != english:
            raise GlossaryError(f"{path}, line {number}: {french} was given another translation above")
        terms[french] = english
    return terms
