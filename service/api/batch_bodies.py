"""The body of a batch: read while it arrives, article by article; nothing is accepted before all of it is there."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from flask import Request

from service.api.bodies import body_media_type, decode, parse_json, receive
from service.api.cutters import ArrayCutter, Cutter, LineCutter
from service.contract.errors import Code, RequestError
from service.contract.request import JobRequest, check_metadata, parse_request
from service.settings import Settings

_JSON, _NDJSON = "application/json", "application/x-ndjson"

#: How many times as long as that of one article the body of a batch may take to arrive.
_PATIENCE = 4


@dataclass(frozen=True, slots=True)
class BatchBody:
    """What a batch wants: its articles, or why one is none; `digest` is what an Idempotency-Key is bound to."""

    articles: list[JobRequest | RequestError]
    metadata: dict[str, Any] | None
    digest: str


def read_batch(request: Request, settings: Settings, *, most: int, limit: int) -> BatchBody:
    """Reads a batch of at most so many articles and bytes. Raises `RequestError` for what is wrong with the whole.

    JSON is `{"jobs": [...], "metadata": {...}}`; NDJSON has an article on each line that is not blank.
    """
    media_type = body_media_type(request, (_JSON, _NDJSON))
    reader = _JsonReader(settings, most) if media_type == _JSON else _LineReader(settings, most)
    digest = hashlib.sha256(media_type.encode() + b"\n")

    def take(chunk: bytes) -> None:
        digest.update(chunk)
        reader.take(chunk)

    receive(request, take, limit=limit, seconds=settings.body_timeout_s * _PATIENCE)
    metadata = reader.finish()
    if not reader.articles:
        raise RequestError(Code.INVALID_REQUEST, f"The batch has no articles; it takes 1 to {most}.")
    return BatchBody(reader.articles, metadata, digest.hexdigest())


class _Reader:
    """What both forms have in common."""

    def __init__(self, settings: Settings, most: int, cutter: Cutter) -> None:
        self.articles: list[JobRequest | RequestError] = []
        self._settings = settings
        self._most = most
        self._cutter = cutter

    def take(self, chunk: bytes) -> None:
        """Reads what this chunk completes."""
        for element in self._cutter.feed(chunk):
            self._add(partial(self._parsed, element))

    def finish(self) -> dict[str, Any] | None:
        """Reads what the end completes, and returns the metadata."""
        for element in self._cutter.finish():
            self._add(partial(self._parsed, element))
        return None

    def _parsed(self, element: bytes) -> Any:
        return parse_json(decode(element))

    def _add(self, parse: Callable[[], Any]) -> None:
        if len(self.articles) >= self._most:
            raise RequestError(
                Code.INVALID_REQUEST, f"The batch has more than {self._most} articles. Send them in several batches."
            )
        try:
            permit = self._settings.callback_addresses.permit_host
            self.articles.append(
                parse_request(parse(), max_characters=self._settings.max_characters, permit_host=permit)
            )
        except RequestError as error:
            self.articles.append(error)


class _LineReader(_Reader):
    """NDJSON: a line that is no JSON is one article's own error."""

    def __init__(self, settings: Settings, most: int) -> None:
        super().__init__(settings, most, LineCutter())


class _JsonReader(_Reader):
    """JSON: what is no JSON is an error of the whole, since nobody knows where the next article would begin."""

    def __init__(self, settings: Settings, most: int) -> None:
        self._array = ArrayCutter("jobs")
        super().__init__(settings, most, self._array)

    def finish(self) -> dict[str, Any] | None:
        """Reads what is around the articles. Raises `RequestError`."""
        try:
            body = parse_json(decode(self._array.rest))
        except RequestError as error:
            raise RequestError(error.code, f"Around its articles: {error.detail}") from None
        if not isinstance(body, dict) or not isinstance(body.get("jobs"), list):
            raise RequestError(
                Code.INVALID_REQUEST, 'Send {"jobs": [...]}, with an article such as {"text": "..."} in each place.'
            )
        if body.keys() - {"jobs", "metadata"}:
            raise RequestError(Code.UNKNOWN_FIELD, "A batch has the fields jobs and metadata, and no others.")
        for entry in body["jobs"]:  # those that the cutter did not see
            self._add(partial(_same, entry))
        metadata = body.get("metadata")
        if metadata is None:
            return None
        if not isinstance(metadata, dict):
            raise RequestError(Code.INVALID_REQUEST, "metadata takes an object.", pointer="/metadata")
        check_metadata(metadata)
        return metadata

    def take(self, chunk: bytes) -> None:
        """Reads what this chunk completes. Raises `RequestError` for an article that is no JSON."""
        for element in self._array.feed(chunk):
            try:
                entry = self._parsed(element)
            except RequestError as error:
                detail = f"The article at /jobs/{len(self.articles)}: {error.detail}"
                raise RequestError(error.code, detail, pointer=f"/jobs/{len(self.articles)}") from None
            self._add(partial(_same, entry))


def _same(entry: Any) -> Any:
    return entry
