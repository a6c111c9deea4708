"""Ways to hand over finished jobs: as text, as JSON, as files. Each shows them in the order in which it gets them."""

import json
from pathlib import Path
from typing import IO, Any, Protocol

from service.client import JobView
from service.commands.articles import SUMMARY_ENDING, TRANSLATION_ENDINGS


class Printer(Protocol):
    """Gets every article once: as a job that has ended, or as an error without one."""

    def job(self, name: str, job: JobView) -> None:
        """Hands over a job that has ended, however it has."""

    def error(self, name: str, code: str, detail: str) -> None:
        """Hands over that there is no job."""

    def close(self) -> None:
        """All articles have been handed over."""


class TextPrinter:
    """The English text, then the summary; or the summary alone. Several articles have headings. Failures print nothing."""

    def __init__(self, out: IO[str], *, several: bool, summary_only: bool) -> None:
        self._out = out
        self._several = several
        self._summary_only = summary_only
        self._first = True

    def job(self, name: str, job: JobView) -> None:
        """Prints the texts of a succeeded job."""
        if job.result is None:
            return
        if self._several:
            self._out.write(f"{'' if self._first else chr(10)}==> {name} <==\n")
        self._first = False
        text, summary = texts(job.result)
        if not self._summary_only:
            self._out.write(_ended(text))
            if summary is not None:
                self._out.write("\nSummary\n-------\n")
        if summary is not None:
            self._out.write(_ended(summary))
        self._out.flush()

    def error(self, name: str, code: str, detail: str) -> None:
        """Prints nothing: the error goes to standard error."""

    def close(self) -> None:
        """Nothing is left to do."""


class JsonPrinter:
    """The whole jobs: an object for one article, an array for several.

    An article without a job is an object with `file` and `error: {code, detail}` in its place.
    """

    def __init__(self, out: IO[str], *, several: bool) -> None:
        self._out = out
        self._several = several
        self._count = 0

    def job(self, name: str, job: JobView) -> None:
        """Prints the job as the server showed it."""
        self._print(dict(job.raw))

    def error(self, name: str, code: str, detail: str) -> None:
        """Prints what stands for the job."""
        self._print({"file": name, "error": {"code": code, "detail": detail}})

    def close(self) -> None:
        """Ends the array."""
        if self._several:
            self._out.write("\n]\n" if self._count else "[]\n")
        self._out.flush()

    def _print(self, value: dict[str, Any]) -> None:
        text = json.dumps(value, ensure_ascii=False, indent=2)
        if not self._several:
            self._out.write(text + "\n")
        else:
            self._out.write(("[\n" if self._count == 0 else ",\n") + text)
        self._count += 1
        self._out.flush()


class FileWriter:
    """Writes `STEM.en.txt` (`.md`, `.html`) and `STEM.summary.txt` for each succeeded job.

    `stems` belong to the articles, in their order.
    """

    def __init__(self, stems: list[Path], log: IO[str], *, summary_only: bool) -> None:
        self._stems = iter(stems)
        self._log = log
        self._summary_only = summary_only

    def job(self, name: str, job: JobView) -> None:
        """Writes the files and says where. Raises OSError."""
        stem = next(self._stems)
        if job.result is None:
            return
        text, summary = texts(job.result)
        written = TRANSLATION_ENDINGS[job.result.get("format", "text")]
        for ending, content in ((written, None if self._summary_only else text), (SUMMARY_ENDING, summary)):
            if content is not None:
                path = Path(f"{stem}{ending}")
                path.write_text(content, encoding="utf-8", newline="")
                self._log.write(f"depeche: wrote {path}\n")

    def error(self, name: str, code: str, detail: str) -> None:
        """Writes nothing."""
        next(self._stems)

    def close(self) -> None:
        """Nothing is left to do."""


def texts(result: Any) -> tuple[str, str | None]:
    """The English text of a result, and its summary where it has one."""
    summary = result["summary"]
    return result["translation"]["text"], summary["text"] if summary else None


def _ended(text: str) -> str:
    return text if text.endswith("\n") else text + "\n"
