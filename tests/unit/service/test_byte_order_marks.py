"""Whatever is read may begin with a byte order mark, which is no text."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from service.commands.articles import ArticleError, decode, read_article
from service.commands.terms import read_glossary
from tests.unit.service.test_fetching import fetch
from tests.unit.service.web_site import Page, web_site

TEXT = "Été = summer"


def _article(data: bytes, folder: Path) -> str:
    (folder / "a.txt").write_bytes(data)
    return read_article(str(folder / "a.txt")).text


def _lines(data: bytes, folder: Path) -> str:
    (folder / "terms.txt").write_bytes(data)
    return " = ".join(*read_glossary(folder / "terms.txt").items())


def _json(data: bytes, folder: Path) -> str:
    (folder / "terms.json").write_bytes(data.replace(TEXT.encode(), json.dumps({"terme": TEXT}).encode()))
    return str(read_glossary(folder / "terms.json")["terme"])


def _fetched(media_type: str) -> Callable[[bytes, Path], str]:
    def read(data: bytes, _: Path) -> str:
        with web_site() as site:
            site.pages["/a.txt"] = Page(data, media_type)
            return fetch(f"{site.url}/a.txt").text

    return read


@pytest.mark.parametrize(
    "read",
    [
        pytest.param(lambda data, _: decode(data), id="decode"),
        pytest.param(_article, id="article"),
        pytest.param(_lines, id="glossary"),
        pytest.param(_json, id="glossary.json"),
        pytest.param(_fetched("text/plain"), id="fetched"),
        pytest.param(_fetched("text/plain; charset=utf-8"), id="fetched as utf-8"),
        pytest.param(_fetched("text/markdown; charset=iso-8859-1"), id="fetched as latin-1"),
    ],
)
def test_it_is_left_out(read: Callable[[bytes, Path], str], tmp_path: Path) -> None:
    assert read(b"\xef\xbb\xbf" + TEXT.encode(), tmp_path) == TEXT


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-16"])
def test_that_of_utf_16_too(encoding: str, tmp_path: Path) -> None:
    data = ("" if encoding == "utf-16" else "\ufeff") + TEXT
    assert _fetched(f"text/plain; charset={encoding}")(data.encode(encoding), tmp_path) == TEXT


@pytest.mark.parametrize("label", ["undefined", "of-my-own", "hex", "idna"])
def test_encodings_that_are_none_are_said_to_be(label: str, tmp_path: Path) -> None:
    with pytest.raises(ArticleError, match=f"it is not in {label}, as the server says"):
        _fetched(f"text/plain; charset={label}")(b"Il pl-\xe9ut..", tmp_path)
