"""A translation beside its source, segment by segment: as a page to print or send on, and as a table for programs."""

import html
from collections.abc import Iterator
from typing import Any

_STYLE = (
    "body{font:1rem/1.5 Georgia,serif;max-width:64rem;margin:2rem auto;padding:0 1rem}"
    "table{border-collapse:collapse;width:100%}td{vertical-align:top;width:50%;padding:.4rem .6rem;border-top:1px solid #ccc}"
    "span[title]{border-bottom:2px dotted #a00}"
)

#: What a table's first line names.
COLUMNS = ("paragraph", "segment", "french", "english", "flags")


def as_html(result: dict[str, Any]) -> str:
    """A page of its own: a row for each paragraph; flagged segments are underlined and say why."""
    title = result["translation"]["title"] or "Translation"
    rows = "\n".join(
        f'<tr><td lang="fr">{html.escape(paragraph["source"])}</td><td lang="en">{_marked(paragraph)}</td></tr>'
        for paragraph in result["translation"]["paragraphs"]
    )
    summary = f"<p>{html.escape(result['summary']['text'])}</p>\n" if result["summary"] else ""
    return (
        f'<!doctype html>\n<html lang="en">\n<head><meta charset="utf-8"><title>{html.escape(title)}</title>'
        f"<style>{_STYLE}</style></head>\n<body>\n<h1>{html.escape(title)}</h1>\n{summary}<table>\n"
        f"<thead><tr><th>French</th><th>English</th></tr></thead>\n<tbody>\n{rows}\n</tbody>\n</table>\n</body>\n</html>\n"
    )


def as_tsv(result: dict[str, Any]) -> str:
    """A line for each segment, behind one with the names of the columns. Blanks within a segment are single spaces."""
    return "".join("\t".join(row) + "\n" for row in (COLUMNS, *_rows(result)))


def _rows(result: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    for number, paragraph in enumerate(result["translation"]["paragraphs"]):
        for place, segment in enumerate(paragraph["segments"]):
            source, target = (" ".join(segment[side].split()) for side in ("source", "target"))
            yield str(number), str(place), source, target, ",".join(segment["flags"])


def _marked(paragraph: dict[str, Any]) -> str:
    """The paragraph's text, escaped, with its flagged segments marked where they are found in it."""
    parts: list[str] = []
    target, at = paragraph["target"], 0
    for segment in paragraph["segments"]:
        start = target.find(segment["target"], at) if segment["flags"] and segment["target"] else -1
        if start < 0:
            continue
        end = start + len(segment["target"])
        why = html.escape(", ".join(segment["flags"]))
        parts += html.escape(target[at:start]), f'<span title="{why}">{html.escape(target[start:end])}</span>'
        at = end
    return "".join(parts) + html.escape(target[at:])
