"""What a run of `depeche submit` has submitted and written, on disk, so that the next one goes on where it was interrupted.

One JSON object a line, appended as things happen; a last line that was cut off is dropped:

    {"run": "8f1c..."}                                        makes the idempotency keys; where it stands again, all begins anew
    {"article": DIGEST, "job": ID, "url": SERVER}             was submitted
    {"article": DIGEST, "end": STATE, "files": [NAME, ...]}   its job ended, and these files were written

A file belongs to the article that wrote it last: one whose files another has overwritten meanwhile is not done. Which
files are ours is never forgotten, so that they are not taken for articles.

An article is its text, its options and its place in the output, as a digest: whatever is changed is another article. Its
idempotency key is made of the run, the digest and the number of its ends, so a job whose id was never learnt is found again
by its key, and an article whose job failed gets another job.
"""

import fcntl
import hashlib
import json
import os
import secrets
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import IO, Any, Self

#: The journal's name in an output folder.
NAME = ".depeche.jsonl"

#: Seconds after which the journal of a run without an output folder is of no use: results are kept for a day.
_STALE_S = 7 * 86400


class JournalBusy(Exception):
    """Another process writes this journal."""


@dataclass(slots=True)
class Entry:
    """What is known of an article. `job` is one that has not failed, at the server `url`; `ends` counts those that ended."""

    job: str | None = None
    url: str = ""
    ends: int = 0
    succeeded: bool = False
    files: list[str] = field(default_factory=list)


class Journal:
    """Use it in a `with` statement. Without a path it remembers nothing beyond the process.

    With a `path` raises `JournalBusy`, and OSError. `again` begins anew. `folder` is where the files are that it names;
    without one it is of no use once the run is over, and if it is there, a run was `interrupted`.
    """

    def __init__(self, path: Path | None = None, *, folder: Path | None = None, again: bool = False) -> None:
        self._lasting = folder is not None
        self._folder = folder or Path()
        self._path = path
        self._again = again
        self._file: IO[str] | None = None
        self._run = ""
        self._entries: dict[str, Entry] = {}
        self._owners: dict[str, str] = {}
        if path is not None:
            self._file = _open(path)
            self._read(self._file)
        self.interrupted = bool(self._run) and not self._lasting and not again
        if again or not self._run:
            self._note({"run": secrets.token_hex(16)})
            if self._file is not None:  # all keys hang on it: what else a power cut takes is found again by them
                os.fsync(self._file.fileno())

    @property
    def how_to_go_on(self) -> str:
        """What to do after an interruption, as a sentence behind others; empty where nothing is kept."""
        if self._path is None:
            return ""
        return f" The same command{', without --again,' if self._again else ''} goes on from here."

    def entry(self, digest: str) -> Entry:
        """What is known of an article."""
        return self._entries.get(digest) or Entry()

    def key(self, digest: str) -> str:
        """The idempotency key of the article's next submission: the same until its job has ended."""
        return hashlib.sha256(f"{self._run} {digest} {self.entry(digest).ends}".encode()).hexdigest()

    def is_written(self, digest: str) -> bool:
        """Whether the article was translated, and all that was written of it is still there, and of no other article."""
        entry = self.entry(digest)
        owned = all(self._owners[name] == digest and (self._folder / name).exists() for name in entry.files)
        return entry.succeeded and bool(entry.files) and owned

    def submitted(self, digest: str, job_id: str, url: str) -> None:
        """Remembers a job. Raises OSError."""
        self._note({"article": digest, "job": job_id, "url": url})

    def ended(self, digest: str, state: str, files: list[Path]) -> None:
        """Remembers the end of a job, and the files below the folder that were written. Raises OSError."""
        names = [os.path.relpath(path, self._folder) for path in files]
        self._note({"article": digest, "end": state, "files": names})

    def files(self) -> set[Path]:
        """All files that were ever written, resolved."""
        return {(self._folder / name).resolve() for name in self._owners}

    def finish(self) -> None:
        """The run is over, and nothing of it is left to do."""
        if self._path is not None and not self._lasting:
            self._path.unlink(missing_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()

    def _note(self, line: Mapping[str, Any]) -> None:
        self._learn(line)
        self._append(line)

    def _append(self, line: Mapping[str, Any]) -> None:
        if self._file is not None:
            self._file.write(json.dumps(line) + "\n")
            self._file.flush()

    def _read(self, file: IO[str]) -> None:
        file.seek(0)
        whole = 0
        for line in file:
            with suppress(ValueError, KeyError, TypeError, AttributeError):
                self._learn(json.loads(line))
            whole = line.endswith("\n")
        file.seek(0, os.SEEK_END)
        if file.tell() and not whole:
            file.write("\n")

    def _learn(self, line: Mapping[str, Any]) -> None:
        if "run" in line:
            self._run = str(line["run"])
            self._entries.clear()
            return
        entry = self._entries.setdefault(str(line["article"]), Entry())
        if "job" in line:
            entry.job, entry.url, entry.succeeded = str(line["job"]), str(line["url"]), False
        else:
            entry.ends += 1
            entry.succeeded = line["end"] == "succeeded"
            entry.job = entry.job if entry.succeeded else None
            entry.files = [str(name) for name in line["files"]] or entry.files
            self._owners.update(dict.fromkeys(map(str, line["files"]), str(line["article"])))


def digest(stem: PurePath, outputs: str, body: Mapping[str, Any]) -> str:
    """The name of an article in a journal: its place, what is written of it, and its request."""
    content = json.dumps([str(stem), outputs, body], sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()


def path_for(folder: Path, arguments: object) -> Path:
    """Where in a folder the journal of a run with these arguments is. Takes away those that are too old to be of use."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for path in folder.glob("*.jsonl"):
        with suppress(OSError):
            if path.stat().st_mtime < time.time() - _STALE_S:
                path.unlink()
    named = json.dumps([os.getcwd(), arguments], sort_keys=True, default=str)
    return folder / f"{hashlib.sha256(named.encode()).hexdigest()[:32]}.jsonl"


def _open(path: Path) -> IO[str]:
    file = open(os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600), "a+", encoding="utf-8", errors="replace")  # noqa: SIM115 - closed by who has it
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        raise JournalBusy from None
    except OSError:  # a file system without locks
        pass
    return file
