"""What happens to each article of a folder on its way through Dépêche: a table, and where asked a page side by side.

Files: `.txt`, `.md` (Markdown) and `.html`. Without `--server` the articles go through a worker's pipeline in this process.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from scripts.lab.evaluate.page import page
from scripts.lab.evaluate.watch import Unwatched
from service.client import Client
from service.contract.request import parse_request
from service.contract.result import Result
from worker.engine import EngineOptions, build_engine
from worker.pipeline import process

#: The formats by the ends of files' names.
FORMATS = {".txt": "text", ".md": "markdown", ".html": "html", ".htm": "html"}

_LONGEST = 1_000_000
_SEGMENT_TOKENS = 160

Translate = Callable[[str, str], Result]


@dataclass(frozen=True, slots=True)
class Processed:
    """An article, what came of it, and the seconds that it took."""

    path: Path
    characters: int
    result: Result
    seconds: float

    @property
    def flagged(self) -> int:
        """Segments with a flag, `already_english` left out."""
        return sum(
            bool(set(s.flags) - {"already_english"}) for p in self.result.translation.paragraphs for s in p.segments
        )

    @property
    def codes(self) -> Counter[str]:
        """Warnings by their code."""
        return Counter(warning.code for warning in self.result.warnings)


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints the table; writes the page."""
    parser = argparse.ArgumentParser(prog="scripts/evaluate text", description=__doc__)
    parser.add_argument("folder", type=Path, help="a folder with articles")
    parser.add_argument("--server", help="the address of a running Dépêche: http://127.0.0.1:8000")
    parser.add_argument("--translator", default="bundled", help="a model, as in DEPECHE_TRANSLATOR, without --server")
    parser.add_argument("--page", type=Path, help="write a page of Markdown here, French and English side by side")
    given = parser.parse_args(arguments)
    paths = sorted(path for path in given.folder.iterdir() if path.suffix in FORMATS)
    if not paths:
        print(f"There are no articles in {given.folder}: files that end in {', '.join(FORMATS)}.", file=sys.stderr)
        return 2
    done = list(_over_http(paths, given.server) if given.server else _in_process(paths, given.translator))
    print(table(done))
    if given.page:
        given.page.write_text(page([(item.path.name, item.result) for item in done]), encoding="utf-8")
    return 0


def table(done: Sequence[Processed]) -> str:
    """A row for each article and one for all of them, in Markdown."""
    rows = [
        "| article | characters | segments in | out | repaired | flagged | warnings | summary, words | seconds |",
        "| --- | ---: | ---: | ---: | ---: | ---: | --- | ---: | ---: |",
    ]
    for item in done:
        coverage, summary = item.result.coverage, item.result.summary
        words = len(summary.text.split()) if summary else 0
        rows.append(
            f"| {item.path.name} | {item.characters:,} | {coverage.segments_in} | {coverage.segments_out} "
            f"| {coverage.segments_repaired} | {item.flagged} | {_listed(item.codes)} | {words} | {item.seconds:.1f} |"
        )
    codes = sum((item.codes for item in done), Counter[str]())
    covers = [item.result.coverage for item in done]
    rows.append(
        f"| **all** | {sum(item.characters for item in done):,} | {sum(c.segments_in for c in covers)} "
        f"| {sum(c.segments_out for c in covers)} | {sum(c.segments_repaired for c in covers)} "
        f"| {sum(item.flagged for item in done)} | {_listed(codes)} | | {sum(item.seconds for item in done):.1f} |"
    )
    return "\n".join(rows)


def _listed(codes: Counter[str]) -> str:
    return ", ".join(f"`{code}` {count}" for code, count in codes.most_common())


def _in_process(paths: Sequence[Path], translator: str) -> Iterator[Processed]:
    engine = build_engine(EngineOptions(translator=translator))
    watch = Unwatched()
    try:
        for path in paths:
            text = path.read_text(encoding="utf-8")
            body = {"text": text, "format": FORMATS[path.suffix]}
            request = parse_request(body, max_characters=_LONGEST)
            began = time.perf_counter()
            result = process(request, path.name, engine, watch, segment_tokens=_SEGMENT_TOKENS, queued_s=0.0)
            yield Processed(path, len(text), result, time.perf_counter() - began)
    finally:
        engine.close()


def _over_http(paths: Sequence[Path], server: str) -> Iterator[Processed]:
    with Client(server) as client:
        for path in paths:
            text = path.read_text(encoding="utf-8")
            began = time.perf_counter()
            job = client.wait(client.submit(text, format=FORMATS[path.suffix]).id)
            if job.result is None:
                raise SystemExit(f"{path}: {job.error or job.state}")
            yield Processed(path, len(text), Result.model_validate(dict(job.result)), time.perf_counter() - began)


if __name__ == "__main__":
    raise SystemExit(main())
