"""What comes in from the queue: of each message the job's id alone is believed, and the rest is written anew.

Whoever can write to Redis can put anything into its lists. Celery would run any task that it knows, log what it does not
understand with all that it holds, and stand still over some of it; here that is dropped before Celery sees it.
"""

import base64
import binascii
import json
import re
import uuid
from typing import Any

from celery import signals
from kombu.transport import TRANSPORT_ALIASES, redis

from service.contract.keys import TASK_NAME
from service.contract.logs import get_logger

log = get_logger(__name__)

#: Most characters of a message's body. Our own have about 150.
_MOST_BODY = 2_000

_JOB_ID = re.compile(r"[0-9a-v]{32}")

#: What reading bytes as a message can raise. What Redis and its connection raise is none of them.
_UNREADABLE = (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RecursionError)


class MessageError(Exception):
    """A message that none of our front ends and workers has written. The text says what is wrong, and holds none of it."""


def job_of(message: object) -> str:
    """The job that a message wakes up for. Raises `MessageError`.

    `message` is what kombu's JSON of a list's entry holds: `{body (base64 of JSON [args, kwargs, embed]), headers: {task, id},
    content-type, ...}`.
    """
    match message:
        case {"headers": {"task": str(task), "id": str(job_id)}, "content-type": "application/json", "body": str(body)}:
            pass
        case _:
            raise MessageError("it is no message of Celery's in JSON")
    if task != TASK_NAME:
        raise MessageError("it names another task")
    if _JOB_ID.fullmatch(job_id) is None:
        raise MessageError("its id is not a job's")
    if len(body) > _MOST_BODY:
        raise MessageError("its body is too long")
    try:
        call = json.loads(base64.b64decode(body, validate=True))
    except (binascii.Error, ValueError, RecursionError):
        raise MessageError("its body can't be read") from None
    match call:
        case [[argument], dict(named), _] if argument == job_id and not named:
            return job_id
        case _:
            raise MessageError("its arguments are not its job's")


def message_for(job_id: str, queue: str) -> dict[str, Any]:
    """The message that Celery gets to see, as it would have written it for this queue."""
    embed = {"callbacks": None, "errbacks": None, "chain": None, "chord": None}
    body = json.dumps([[job_id], {}, embed]).encode()
    return {
        "body": base64.b64encode(body).decode(),
        "content-encoding": "utf-8",
        "content-type": "application/json",
        "headers": {"lang": "py", "task": TASK_NAME, "id": job_id, "root_id": job_id, "retries": 0},
        "properties": {
            "correlation_id": job_id,
            "delivery_mode": 2,
            "delivery_info": {"exchange": "", "routing_key": queue},
            "priority": 0,
            "body_encoding": "base64",
            "delivery_tag": str(uuid.uuid4()),
        },
    }


class Channel(redis.Channel):
    """Reads the lists of messages."""

    def _brpop_read(self, **options: Any) -> Any:
        """Drops what is not even JSON. What Celery raises over a message that it was given goes its way."""
        self.connection.delivered = False
        try:
            return super()._brpop_read(**options)  # type: ignore[no-untyped-call]  # kombu has no hints
        except _UNREADABLE:
            if self.connection.delivered:
                raise
            _drop("it can't be read")
            return True


class Transport(redis.Transport):
    """Hands messages to Celery."""

    Channel = Channel
    delivered = False

    def _deliver(self, message: object, queue: str) -> None:
        """Hands on what `message_for` makes of the message."""
        self.delivered = True
        try:
            job_id = job_of(message)
        except MessageError as error:
            _drop(str(error))
        else:
            super()._deliver(message_for(job_id, queue), queue)  # type: ignore[no-untyped-call]  # kombu has no hints


def guard_queue() -> None:
    """Has Celery read its messages through this module, in this process and from now on.

    By kombu's table of transports, since of an address with a socket it takes the transport's name from the address itself.
    """
    for scheme in ("redis", "rediss"):
        TRANSPORT_ALIASES[scheme] = f"{__name__}:Transport"


def _drop(reason: str) -> None:
    log.warning("message_dropped", reason=reason)
    signals.task_rejected.send(sender=__name__, message=None, exc=None)
