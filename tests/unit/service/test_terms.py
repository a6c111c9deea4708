"""Glossaries in files."""

import json
from pathlib import Path

import pytest

from service.commands.terms import GlossaryError, read_glossary


def written(folder: Path, content: str | bytes, name: str = "terms.txt") -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_a_line_is_a_term(tmp_path: Path) -> None:
    content = "\ufeff# press\ncomité = works council\n\n hausse\trise \r\nA = B = C\ncomité=works council\n"
    assert read_glossary(written(tmp_path, content)) == {"comité": "works council", "hausse": "rise", "A": "B = C"}


def test_json_is_as_in_the_interface(tmp_path: Path) -> None:
    terms = {"hausse": {"translation": "rise", "inflect": True}, "comité": "council"}
    assert read_glossary(written(tmp_path, json.dumps(terms), "terms.json")) == terms


@pytest.mark.parametrize(
    ("content", "name", "message"),
    [
        ("comité\n", "t.txt", "line 1: write it as French = English"),
        ("a = b\n= c\n", "t.txt", "line 2: write it as"),
        ("a = b\na = c\n", "t.txt", "line 2: a was given another translation"),
        ("# nothing\n", "t.txt", "it has no terms"),
        ("comité = é".encode("latin-1"), "t.txt", "UTF-8"),
        ("{", "t.json", "it is not JSON"),
        ("[]", "t.json", "it takes an object"),
        ("{}", "t.json", "it has no terms"),
    ],
)
def test_what_is_none_is_said_in_a_line(tmp_path: Path, content: str | bytes, name: str, message: str) -> None:
    with pytest.raises(GlossaryError, match=message) as raised:
        read_glossary(written(tmp_path, content, name))
    assert "\n" not in str(raised.value)
