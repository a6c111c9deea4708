"""What an article's bytes are taken for, and what is said of those that are no text."""

import codecs
import io
import zipfile

import pytest

from service.commands.articles import ArticleError, decode


def _word_file() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("word/document.xml", "<w:t>Le pont</w:t>")
    return file.getvalue()


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (_word_file(), "a Word, OpenDocument or ZIP file"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Word file"),
        (b"%PDF-1.7\n1 0 obj\n", "a PDF"),
        (b"{\\rtf1\\ansi Le pont}", "an RTF file"),
    ],
)
def test_what_word_processors_write_is_named_for_what_it_is(data: bytes, kind: str) -> None:
    with pytest.raises(ArticleError, match=f"^not text but {kind}. Save it as plain text") as refused:
        decode(data)
    assert "iconv" not in str(refused.value), "which would make garbage of it"


def test_zero_bytes_are_no_older_encoding() -> None:
    with pytest.raises(ArticleError, match=r"^not text: it has zero bytes"):
        decode(b"RIFF\x00\x01\xff\xfe")


@pytest.mark.parametrize(
    ("encoding", "wanted"), [("windows-1252", "iconv -f windows-1252"), ("utf-16", "iconv -f utf-16")]
)
def test_older_encodings_are_told_how_to_be_converted(encoding: str, wanted: str) -> None:
    with pytest.raises(ArticleError, match=wanted):
        decode("Un café à midi".encode(encoding))


def test_the_place_of_a_wrong_byte_is_that_in_the_file() -> None:
    for before in (b"", codecs.BOM_UTF8):
        with pytest.raises(ArticleError, match=f"position {len(before) + 3} "):
            decode(before + b"caf\xe9")


def test_text_is_text() -> None:
    assert decode("Un café".encode()) == "Un café"
