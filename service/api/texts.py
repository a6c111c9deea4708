"""The translation and the summary as texts: plain as they are, or as Markdown."""

import json
import re
from collections.abc import Callable
from typing import Any

from flask import Request, Response

from service.contract.errors import Code, DepecheError, RequestError
from service.contract.job import Job
from service.contract.states import JobState

PLAIN, MARKDOWN = "text/plain", "text/markdown"

#: Makes a text out of a result, or None where the result has none. `markdown` chooses the form.
Writer = Callable[[dict[str, Any], bool], str | None]

#: Characters that mean something within a line of Markdown, and what means something at its start.
_INLINE = re.compile(r"([\\`*_\[\]<>])")
_LINE_START = re.compile(r"^(\s*)(?:([#+\-=~>|])|(\d+)([.)]))", re.MULTILINE)


def choose(request: Request) -> str:
    """The media type that the client likes best; plain where it does not say. Raises `RequestError` (406)."""
    if "Accept" not in request.headers:
        return PLAIN
    chosen = request.accept_mimetypes.best_match([PLAIN, MARKDOWN])
    if chosen is None:
        raise RequestError(Code.NOT_ACCEPTABLE, "Accept text/plain or text/markdown.")
    return chosen


def respond(job: Job, write: Writer, media_type: str, *, retry_after: int) -> Response:
    """The text of a succeeded job. Raises `DepecheError` (409) for any other, and where there is no such text."""
    if not job.state.ended:
        raise DepecheError(
            Code.JOB_NOT_ENDED, f"The job is {job.state}. Ask again, or use ?wait= on the job.", retry_after=retry_after
        )
    if job.state is not JobState.SUCCEEDED or job.result is None:
        raise DepecheError(
            Code.JOB_WITHOUT_RESULT, f"The job has {_ENDINGS[job.state]}. Look at the job for the reason."
        )
    text = write(json.loads(job.result), media_type == MARKDOWN)
    if text is None:
        raise DepecheError(Code.JOB_WITHOUT_RESULT, "The job was submitted without asking for a summary.")
    response = Response(text.encode(), mimetype=media_type)
    response.set_etag(f"{job.id}-{job.version}-{media_type.rpartition('/')[2]}")
    response.headers["Vary"] = "Accept"
    return response


def translation(result: dict[str, Any], markdown: bool) -> str:
    """The translated article, its title first where it has one. Plain text keeps the article's own separators."""
    title, text = result["translation"]["title"], result["translation"]["text"]
    if not markdown:
        return f"{title}\n\n{text}" if title else text
    blocks = [escape(paragraph["target"].strip()) for paragraph in result["translation"]["paragraphs"]]
    if title:
        blocks.insert(0, "# " + escape(" ".join(title.split())))
    return "\n\n".join(blocks) + "\n"


def summary(result: dict[str, Any], markdown: bool) -> str | None:
    """The summary, or None where none was asked for."""
    if result["summary"] is None:
        return None
    text: str = result["summary"]["text"]
    return escape(text.strip()) + "\n" if markdown else text


def escape(text: str) -> str:
    """Text that Markdown shows as it is."""
    return _LINE_START.sub(_escape_start, _INLINE.sub(r"\\\1", text))


def _escape_start(match: re.Match[str]) -> str:
    indent, sign, number, mark = match.groups()
    return f"{indent}\\{sign}" if sign else f"{indent}{number}\\{mark}"


_ENDINGS = {JobState.FAILED: "failed", JobState.CANCELLED: "been cancelled", JobState.SUCCEEDED: "lost its result"}
