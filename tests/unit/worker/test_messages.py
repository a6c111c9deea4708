"""What is taken for a message, and what Celery gets to see of it."""

import base64
import json
from typing import Any

import pytest
from celery import Celery
from hypothesis import given
from hypothesis import strategies as st
from kombu import transport as kombu_transport
from kombu.connection import Connection

from service.contract.celery_app import make_celery, publish
from service.contract.ids import IdMint
from service.contract.keys import Keys
from service.contract.lines import LINES
from service.contract.settings import SharedSettings
from worker.messages import MessageError, Transport, guard_queue, job_of, message_for

JOB = IdMint(b"a secret of some length").new("local", 1_700_000_000_000)
JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(), lambda each: st.lists(each) | st.dictionaries(st.text(), each)
)


def changed(**changes: Any) -> dict[str, Any]:
    """Our own message, with some members replaced."""
    return {**message_for(JOB, "articles"), **changes}


def body(call: object) -> str:
    return base64.b64encode(json.dumps(call).encode()).decode()


def test_our_own_message_names_its_job() -> None:
    assert job_of(message_for(JOB, "articles")) == JOB


def test_a_message_of_the_front_end_names_its_job() -> None:
    """Published through the very app that front ends use, into kombu's queue in memory."""
    settings = SharedSettings.load(redis_url="redis://127.0.0.1:1/0")
    app: Celery = make_celery(settings, socket_timeout_s=1)
    app.conf.update(broker_url="memory://", broker_transport_options={})
    publish(app, JOB, LINES[0])
    with app.connection_for_read() as connection:
        channel = connection.channel()
        assert job_of(channel._get("articles")) == JOB
    assert Keys(settings.key_prefix).messages[0].endswith("articles")


@pytest.mark.parametrize(
    "message",
    [
        changed(**{"content-type": "application/x-python-serialize"}),
        changed(headers={"task": "celery.map", "id": JOB}),
        changed(headers={"task": "depeche.article", "id": JOB.upper()}),
        changed(headers={"task": "depeche.article", "id": "../../etc/passwd"}),
        changed(headers={"task": "depeche.article", "id": [JOB]}),
        changed(headers={"task": "depeche.article"}),
        changed(headers=None),
        changed(body=None),
        changed(body="%"),
        changed(body=body([["x" * 32], {}, {}])),
        changed(body=body([[JOB, JOB], {}, {}])),
        changed(body=body([[JOB], {"job": JOB}, {}])),
        changed(body=body([[[JOB]], {}, {}])),
        changed(body=body([JOB, {}, {}])),
        changed(body=body(7)),
        changed(body=body([[JOB], {}, {"chain": "x" * 2000}])),
        changed(body=base64.b64encode(b"[" * 1200).decode()),
        [],
        None,
        "",
    ],
)
def test_what_is_not_ours_is_refused(message: object) -> None:
    with pytest.raises(MessageError):
        job_of(message)


@given(JSON)
def test_anything_is_either_a_message_or_refused(message: object) -> None:
    with pytest.raises(MessageError):
        job_of(message)


@pytest.mark.parametrize(
    "url", ["redis://127.0.0.1:1/0", "rediss://127.0.0.1:1/0", "redis+socket:///nowhere/redis.sock?virtual_host=0"]
)
def test_every_kind_of_address_is_read_through_it(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kombu_transport, "_transport_cache", {})
    monkeypatch.setattr(kombu_transport, "TRANSPORT_ALIASES", aliases := dict(kombu_transport.TRANSPORT_ALIASES))
    monkeypatch.setattr("worker.messages.TRANSPORT_ALIASES", aliases)
    guard_queue()
    assert Connection(url).get_transport_cls() is Transport  # type: ignore[no-untyped-call]  # kombu has no hints
