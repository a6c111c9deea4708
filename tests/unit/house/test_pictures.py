"""The pictures of the page: those that the README shows are there, are not large, and are all that are there."""

import re
from pathlib import Path

import pytest

from tests.unit.house.modules import ROOT

PICTURES = sorted((ROOT / "docs" / "pictures").glob("page-*"))
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_readme_shows_all_of_them() -> None:
    shown = set(re.findall(r'(?:src|srcset)="docs/pictures/(page-[^"]+)"', README))
    assert shown == {path.name for path in PICTURES}
    assert {"page-light.webp", "page-dark.webp", "page-phone.webp"} <= shown


def test_each_has_words_for_who_cannot_see_it() -> None:
    images = re.findall(r"<img [^>]*>", README)
    assert len(images) >= 3
    assert all(re.search(r'alt="[^"]{20,}"', image) for image in images)


@pytest.mark.parametrize("path", PICTURES, ids=lambda path: path.name)
def test_none_is_large(path: Path) -> None:
    data = path.read_bytes()
    assert data[:4] == b"RIFF"
    assert data[8:12] == b"WEBP"
    assert len(data) <= 200_000
