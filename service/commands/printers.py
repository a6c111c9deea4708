"""Ways to hand over finished jobs: as text, as JSON, as identifiers, as files."""

import json
import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path, PurePath
from typing import IO, Any, Protocol

from service.client import JobView
from service.commands.articles import SUMMARY_ENDING, TRANSLATION_ENDINGS


class Printer(Protocol):
    """Gets every article once, in order: as a job, as an error without one, or as files that were there already."""

    def job(self, name: str, job: JobView, text: str) -> None:
        """Hands over a job, with the translation as people read it: with its title."""

    def error(self, name: str, code: str, detail: str) -> None:
        """Hands over that there is no job."""

    def skipped(self, name: str) -> None:
        """Hands over that an earlier run has written the article's files."""

    def close(self) -> None:
        """All articles have been handed over."""


class TextPrinter:
    """The English text, then the summary; or the summary alone. Several articles have headings. Failures print nothing."""

    def __init__(self, out: IO[str], *, several: bool, summary_only: bool) -> None:
        self._out = out
        self._several = several
        self._summary_only = summary_only
        self._first = True

    def job(self, name: str, job: JobView, text: str) -> None:
        """Prints the texts of a succeeded job."""
        if job.result is None:
            return
        if self._several:
            self._out.write(f"{'' if self._first else chr(10)}==> {name} <==\n")
        self._first = False
        summary = summary_of(job.result)
        if not self._summary_only:
            self._out.write(_ended(text))
            if summary:
                self._out.write("\nSummary\n-------\n")
        if summary:  # an article without a sentence has an empty one
            self._out.write(_ended(summary))
        self._out.flush()

    def error(self, name: str, code: str, detail: str) -> None:
        """Prints nothing: the error goes to standard error."""

    def skipped(self, name: str) -> None:
        """Prints nothing."""

    def close(self) -> None:
        """Nothing is left to do."""


class IdPrinter:
    """The ids of jobs, one a line; behind a tab, where there are several articles, the article's name."""

    def __init__(self, out: IO[str], *, several: bool) -> None:
        self._out = out
        self._several = several

    def job(self, name: str, job: JobView, text: str) -> None:
        """Prints the id."""
        self._out.write(f"{job.id}\t{name}\n" if self._several else f"{job.id}\n")
        self._out.flush()

    def error(self, name: str, code: str, detail: str) -> None:
        """Prints nothing: the error goes to standard error."""

    def skipped(self, name: str) -> None:
        """Prints nothing."""

    def close(self) -> None:
        """Nothing is left to do."""


class JsonPrinter:
    """The whole jobs: an object for one article, an array for several.

    An article without a job is an object with `file` and `error: {code, detail}` in its place, and one that an earlier run
    has dealt with has `file` and `skipped`.
    """

    def __init__(self, out: IO[str], *, several: bool) -> None:
        self._out = out
        self._several = several
        self._count = 0

    def job(self, name: str, job: JobView, text: str) -> None:
        """Prints the job as the server showed it, with `file`."""
        self._print({"file": name, **job.raw})

    def error(self, name: str, code: str, detail: str) -> None:
        """Prints what stands for the job."""
        self._print({"file": name, "error": {"code": code, "detail": detail}})

    def skipped(self, name: str) -> None:
        """Prints what stands for the job."""
        self._print({"file": name, "skipped": True})

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
    """Writes `STEM.en.txt` (`.md`, `.html`) and `STEM.summary.txt` below a folder.

    A file is there whole or not at all, even after a power cut.
    """

    def __init__(self, folder: Path, *, summary_only: bool) -> None:
        self._folder = folder
        self._summary_only = summary_only

    def write(self, stem: PurePath, result: Mapping[str, Any], text: str) -> list[Path]:
        """The files that it wrote for a succeeded job: all of them or none. Raises OSError, with the path."""
        endings = {TRANSLATION_ENDINGS[result.get("format", "text")]: None if self._summary_only else text}
        endings[SUMMARY_ENDING] = summary_of(result)
        texts = {Path(f"{self._folder / stem}{ending}"): text for ending, text in endings.items() if text is not None}
        written: list[Path] = []
        try:
            for path, content in texts.items():
                path.parent.mkdir(parents=True, exist_ok=True)
                _replace(path, content)
                written.append(path)
        except OSError:
            for path in written:  # else it would be taken for that of the article that was here before
                path.unlink(missing_ok=True)
            raise
        return written


def summary_of(result: Mapping[str, Any]) -> str | None:
    """The summary of a result, where it has one."""
    summary = result["summary"]
    return str(summary["text"]) if summary else None


def _replace(path: Path, content: str) -> None:
    part = path.with_name(
        f".depeche-{secrets.token_hex(4)}.part"
    )  # short: the path's own name may be as long as names get
    try:
        with part.open("w", encoding="utf-8", newline="") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    except OSError as error:
        with suppress(OSError):
            part.unlink()
        raise OSError(error.errno, error.strerror, str(path)) from None


def _ended(text: str) -> str:
    return text if text.endswith("\n") else text + "\n"
