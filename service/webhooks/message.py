"""What a receiver is told of a job's end, and under which headers."""

import json
from collections.abc import Sequence
from functools import cache
from importlib.metadata import PackageNotFoundError, version

from service.contract.job import Job
from service.contract.signatures import sign
from service.contract.times import timestamp


def body_of(job: Job) -> bytes:
    """The event, the same bytes at every try. It has no text of the article and none of the result: whoever has that address
    learns nothing that takes a key."""
    data = {name: value for name, value in job.view().items() if name not in ("result", "callback", "eta_at")}
    event = {"type": f"job.{job.state.value}", "timestamp": timestamp(job.ended_ms), "data": data}
    return json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()


def headers_of(job: Job, body: bytes, secrets: Sequence[str], *, now_s: int) -> list[tuple[str, str]]:
    """The headers, signed. `webhook-id` is the job's: it has one end, and who gets it twice can tell."""
    return [
        ("Content-Type", "application/json"),
        ("User-Agent", f"depeche/{_version()}"),
        ("webhook-id", job.id),
        ("webhook-timestamp", str(now_s)),
        ("webhook-signature", sign(secrets, job.id, now_s, body)),
    ]


@cache
def _version() -> str:
    try:
        return version("depeche")
    except PackageNotFoundError:
        return "unknown"
