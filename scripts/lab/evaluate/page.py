"""A page of articles, French and English side by side, with the flags as the checks set them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from service.contract.result import Paragraph, Result, Warning

_HEAD = """# Ten articles, side by side

Written by this command, from the articles in `docs/samples/ten/`, by the bundled model. Nothing here was corrected by hand.

    {command}

⚑ is a flag that a check set; the words after it are its detail. What has none is not thereby right: docs/checks.md.
"""

COMMAND = "scripts/evaluate text docs/samples/ten --server http://127.0.0.1:8000 --page docs/side-by-side.md"


def page(articles: Sequence[tuple[str, Result]]) -> str:
    """The whole page, in Markdown. `articles` are names and results."""
    return "\n".join([_HEAD.format(command=COMMAND), *(line for item in articles for line in _article(*item))])


def _article(name: str, result: Result) -> Iterator[str]:
    cover = result.coverage
    yield f"## {name}\n"
    yield (
        f"{cover.segments_in} segments in, {cover.segments_out} out; {cover.segments_repaired} repaired, "
        f"{len(result.warnings)} warnings.\n"
    )
    if result.summary is not None:
        yield f"**Summary** ({result.summary.method}): {_cell(result.summary.text)}\n"
    yield "| French | English |"
    yield "| --- | --- |"
    for number, paragraph in enumerate(result.translation.paragraphs):
        yield _row(paragraph, [warning for warning in result.warnings if warning.paragraph == number])
    yield ""


def _row(paragraph: Paragraph, warnings: Sequence[Warning]) -> str:
    flags = "".join(f"<br>⚑ `{warning.code}` {_cell(warning.detail)}" for warning in warnings)
    return f"| {_cell(paragraph.source)} | {_cell(paragraph.target)}{flags} |"


def _cell(text: str) -> str:
    """Text as it may stand in a cell of a table: nothing in it is markup."""
    for char in "\\`*_[]<>|#&~":
        text = text.replace(char, f"&#{ord(char)};" if char in "<>&|" else f"\\{char}")
    return " ".join(text.split("\n"))
