"""Server-Sent Events, read: the client's side of `/v1/jobs/{id}/events`."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class JobEvent:
    """An event of a job, as documented: `state`, `progress`, `segment` or `done`. `id` is that of a segment, or ''."""

    name: str
    data: Mapping[str, Any]
    id: str = ""


class EventReader:
    """Reads one connection's lines (WHATWG HTML, 9.2.6). What it breaks off in the middle is left out."""

    def __init__(self) -> None:
        self._name = ""
        self._data: list[str] = []
        self._id = ""

    def feed(self, line: str) -> JobEvent | None:
        """The event that a line, without its end, completes."""
        if not line:
            event = (
                JobEvent(self._name or "message", json.loads("\n".join(self._data)), self._id) if self._data else None
            )
            self._name, self._data, self._id = "", [], ""
            return event
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "event":
            self._name = value
        elif field == "data":
            self._data.append(value)
        elif field == "id":
            self._id = value
        return None


def read_events(lines: Iterable[str]) -> Iterator[JobEvent]:
    """The events of a connection's lines."""
    reader = EventReader()
    for line in lines:
        event = reader.feed(line)
        if event is not None:
            yield event
