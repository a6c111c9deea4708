"""The translation and the summary as texts: plain, as Markdown, and an article with markup as what it came as."""

import json
import re
from collections.abc import Callable
from typing import Any

from flask import Request, Response

from service.api import bilingual
from service.contract.errors import Code, DepecheError, RequestError
from service.contract.job import Job
from service.contract.states import JobState

PLAIN, MARKDOWN, HTML, TSV = "text/plain", "text/markdown", "text/html", "text/tab-separated-values"

#: Makes a text of a media type out of a result, or None where the result has none.
Writer = Callable[[dict[str, Any], str], str | None]

#: The media types that a text of a result can be had as, the one for who does not say first.
Offers = Callable[[dict[str, Any]], list[str]]

#: The media type of an article by its format.
_OF_FORMAT = {"text": PLAIN, "markdown": MARKDOWN, "html": HTML}

#: Characters that mean something within a line of Markdown, and what means something at its start.
_INLINE = re.compile(r"([\\`*_\[\]<>])")
_LINE_START = re.compile(r"^([^\S\n]*)(?:([#+\-=~>|])|(\d+)([.)]))", re.MULTILINE)


def offers_of_translation(result: dict[str, Any]) -> list[str]:
    """The media types that a translation can be had as, the article's own first."""
    own = _OF_FORMAT[_format(result)]
    return [own, *(other for other in (PLAIN, MARKDOWN, HTML, TSV) if other != own)]


def offers_of_summary(_: dict[str, Any]) -> list[str]:
    """The media types that a summary can be had as."""
    return [PLAIN, MARKDOWN]


def respond(job: Job, request: Request, write: Writer, offers: Offers, *, retry_after: int) -> Response:
    """The text of a succeeded job, as the client likes best of what there is, and as the first where it does not say.

    Raises `DepecheError` (409) for any other job, and where there is no such text; `RequestError` (406) where the client
    wants none of the media types.
    """
    if not job.state.ended:
        raise DepecheError(
            Code.JOB_NOT_ENDED, f"The job is {job.state}. Ask again, or use ?wait= on the job.", retry_after=retry_after
        )
    if job.state is not JobState.SUCCEEDED or job.result is None:
        raise DepecheError(
            Code.JOB_WITHOUT_RESULT, f"The job has {_ENDINGS[job.state]}. Look at the job for the reason."
        )
    result = json.loads(job.result)
    media_type = _chosen(request, offers(result))
    text = write(result, media_type)
    if text is None:
        raise DepecheError(Code.JOB_WITHOUT_RESULT, "The job was submitted without asking for a summary.")
    response = Response(text.encode(), mimetype=media_type)
    response.set_etag(f"{job.id}-{job.version}-{media_type.rpartition('/')[2]}")
    response.headers["Vary"] = "Accept"
    if media_type == HTML:
        # An article is a stranger's: it must not run here, as this site.
        response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'; style-src 'unsafe-inline'"
        if _format(result) == "html":
            response.headers["Content-Disposition"] = 'attachment; filename="translation.html"'
    return response


def translation(result: dict[str, Any], media_type: str) -> str:
    """The translated article, its title first where it has one.

    As its own media type it keeps its separators and its markup; as plain text or Markdown, its paragraphs have blank lines
    between; as TSV, and as HTML where it is none, French and English stand side by side.
    """
    title: str | None = result["translation"]["title"]
    text: str = result["translation"]["text"]
    own = _OF_FORMAT[_format(result)]
    if media_type == TSV:
        return bilingual.as_tsv(result)
    if media_type == HTML:
        return text if own == HTML else bilingual.as_html(result)
    if media_type == own == MARKDOWN:
        return f"# {escape(' '.join(title.split()))}\n\n{text}" if title else text
    if media_type == own:
        return f"{title}\n\n{text}" if title else text
    blocks = [paragraph["target"].strip() for paragraph in result["translation"]["paragraphs"]]
    if media_type == MARKDOWN:
        blocks = [escape(block) for block in blocks]
        title = "# " + escape(" ".join(title.split())) if title else None
    return "\n\n".join([*([title] if title else []), *blocks]) + "\n"


def summary(result: dict[str, Any], media_type: str) -> str | None:
    """The summary, or None where none was asked for."""
    if result["summary"] is None:
        return None
    text: str = result["summary"]["text"]
    return escape(text.strip()) + "\n" if media_type == MARKDOWN else text


def _format(result: dict[str, Any]) -> str:
    return str(result.get("format", "text"))


def _chosen(request: Request, offers: list[str]) -> str:
    if "Accept" not in request.headers:
        return offers[0]
    chosen = request.accept_mimetypes.best_match(offers)
    if chosen is None:
        raise RequestError(Code.NOT_ACCEPTABLE, f"Accept {', '.join(offers[:-1])} or {offers[-1]}.")
    return chosen


def escape(text: str) -> str:
    """Text that Markdown shows as it is."""
    return _LINE_START.sub(_escape_start, _INLINE.sub(r"\\\1", text))


def _escape_start(match: re.Match[str]) -> str:
    indent, sign, number, mark = match.groups()
    return f"{indent}\\{sign}" if sign else f"{indent}{number}\\{mark}"


_ENDINGS = {JobState.FAILED: "failed", JobState.CANCELLED: "been cancelled", JobState.SUCCEEDED: "lost its result"}
