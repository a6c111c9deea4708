"""What somebody else puts into the queue: dropped with a line of the log, never executed, never repeated."""

import base64
import json
import pickle
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

from service.contract.lines import LINES
from service.contract.states import JobState
from tests.integration.worker.processes import Queue, Worker

#: Stands in each forged body. It must not stand in the log.
SECRET = "Polichinelle"


class Bomb:
    """Makes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return (Path.touch, (self.path,))


def message(call_: bytes, /, **changes: Any) -> dict[str, Any]:
    """A message as Celery on Redis writes it. `changes` replace its members; None leaves one out."""
    task_id = str(uuid.uuid4())
    whole: dict[str, Any] = {
        "body": base64.b64encode(call_).decode(),
        "content-encoding": "utf-8",
        "content-type": "application/json",
        "headers": {"lang": "py", "task": "depeche.article", "id": task_id, "root_id": task_id, "argsrepr": SECRET},
        "properties": {
            "correlation_id": task_id,
            "delivery_mode": 2,
            "delivery_info": {"exchange": "", "routing_key": "articles"},
            "priority": 0,
            "body_encoding": "base64",
            "delivery_tag": str(uuid.uuid4()),
        },
    }
    for path, value in changes.items():
        place = whole
        *way, name = path.split("__")
        for step in way:
            place = place[step]
        if value is None:
            place.pop(name)
        else:
            place[name] = value
    return whole


def call(*args: object) -> bytes:
    """The body of a call of a task."""
    return json.dumps([args, {}, {"callbacks": None, "errbacks": None, "chain": None, "chord": None}]).encode()


def forgeries(mark: Path) -> dict[str, bytes]:
    """Each kind by its name."""
    bomb = pickle.dumps([[Bomb(mark)], {}, {}]) + SECRET.encode()
    article = call(SECRET)
    found: dict[str, Any] = {
        "pickle": message(bomb, **{"content-type": "application/x-python-serialize", "content-encoding": "binary"}),
        "pickle that says it is JSON": message(bomb),
        "yaml": message(
            f"!!python/object/apply:os.system ['{SECRET}']".encode(), **{"content-type": "application/x-yaml"}
        ),
        "unknown task": message(article, headers__task=f"os.system.{SECRET}"),
        "a task of Celery's": message(call([SECRET]), headers__task="celery.backend_cleanup"),
        "a chord of Celery's": message(call([SECRET]), headers__task="celery.chord_unlock"),
        "a map of Celery's": message(call({"task": SECRET}, [1]), headers__task="celery.map"),
        "no task": message(article, headers__task=None),
        "a task that is no name": message(article, headers__task={SECRET: SECRET}),
        "no id": message(article, headers__id=None),
        "an id that is no text": message(article, headers__id=[SECRET]),
        "no headers": message(article, headers={}),
        "headers that are none": message(article, headers=SECRET),
        "protocol 1": message(
            json.dumps({"task": "depeche.article", "id": "1", "args": [SECRET]}).encode(), headers={}
        ),
        "wrong arguments": message(call(SECRET, SECRET)),
        "an argument that is no id": message(call({SECRET: SECRET})),
        "keyword arguments": message(json.dumps([[], {"job": SECRET}, {}]).encode()),
        "a body that is no call": message(json.dumps({SECRET: 1}).encode()),
        "a body that is a number": message(b"4711"),
        "callbacks": message(
            json.dumps([["0" * 32], {}, {"callbacks": [{"task": SECRET}], "chain": [SECRET]}]).encode()
        ),
        "an expiry that is no time": message(article, headers__expires=SECRET),
        "a time that is none": message(article, headers__eta=SECRET),
        "time limits": message(article, headers__timelimit=SECRET),
        "body that is no JSON": message(f"[{SECRET}".encode()),
        "body that is no UTF-8": message(b"\xff\xfe" + SECRET.encode()),
        "body that is no base64": message(b"", body=f"%%{SECRET}%%"),
        "unknown encoding of the body": message(article, properties__body_encoding=SECRET),
        "unknown charset": message(article, **{"content-encoding": SECRET}),
        "compressed": message(article, headers__compression="application/x-gzip"),
        "compressed by nothing known": message(article, headers__compression=SECRET),
        "no body": message(article, body=None),
        "no properties": message(article, properties=None),
        "no delivery information": message(article, properties__delivery_info=None),
        "no delivery tag": message(article, properties__delivery_tag=None),
        "a delivery tag that is no text": message(article, properties__delivery_tag=[SECRET]),
        "a reply address": message(article, properties__reply_to=SECRET),
        "huge": message(call("x" * 20_000_000 + SECRET)),
        "deep": message(b"[" * 100_000 + SECRET.encode()),
    }
    raw = {name: json.dumps(value).encode() for name, value in found.items()}
    return raw | {
        "no JSON": b"{" + SECRET.encode(),
        "no UTF-8": b"\xff\xfe\x00" + SECRET.encode(),
        "empty": b"",
        "a number": b"17",
        "null": b"null",
        "a list": json.dumps([SECRET]).encode(),
        "an empty object": b"{}",
        "nested JSON": b"[" * 200_000,
        "a bare pickle": bomb,
    }


def test_forged_messages_are_dropped_one_by_one(queue: Queue, start: Callable[..., Worker], tmp_path: Path) -> None:
    worker = start()
    mark = tmp_path / "executed"
    for dropped, (kind, forged) in enumerate(forgeries(mark).items(), 1):
        queue.redis.lpush(queue.settings.key_prefix + LINES[3], forged)
        queue.until(lambda: queue.messages() == 0)
        queue.until(lambda dropped=dropped: worker.log.read_text().count("message_dropped") == dropped, 10)  # type: ignore[misc]
        assert worker.process.poll() is None, kind
    queue.wait(queue.submit("Bonjour le monde."), JobState.SUCCEEDED)
    assert queue.redis.hlen(queue.settings.key_prefix + "unacked") == 0
    assert not mark.exists()
    assert SECRET not in worker.log.read_text()


def test_what_else_a_forged_message_says_is_not_believed(queue: Queue, start: Callable[..., Worker]) -> None:
    """It names a job; its limits, callbacks and addresses are somebody else's."""
    job_id = queue.admit("Bonjour le monde.")
    body = [[job_id], {}, {"callbacks": [{"task": SECRET}], "errbacks": SECRET, "chain": [SECRET], "chord": SECRET}]
    forged = message(
        json.dumps(body).encode(),
        headers__id=job_id,
        headers__expires="2001-01-01",
        headers__eta=SECRET,
        headers__timelimit=[0, 0],
        headers__compression=SECRET,
        headers__ignore_result=False,
        properties=None,
    )
    worker = start()
    queue.redis.lpush(queue.settings.key_prefix + LINES[3], json.dumps(forged))
    queue.wait(job_id, JobState.SUCCEEDED)
    queue.until(lambda: queue.redis.hlen(queue.settings.key_prefix + "unacked") == 0)
    assert SECRET not in worker.log.read_text()
