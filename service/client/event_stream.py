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


def read_events(lines: Iterable[str]) -> Iterator[JobEvent]:
    """The events of a stream's lines (WHATWG HTML, 9.2.6). What the stream breaks off is left out."""
    name, data, number = "", list[str](), ""
    for line in lines:
        if not line:
            if data:
                yield JobEvent(name or "message", json.loads("\n".join(data)), number)
            name, data, number = "", [], ""
            continue
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "event":
            name = value
        elif field == "data":
            data.append(value)
        elif field == "id":
            number = value
