"""Liveness and readiness. Neither says more than what was just seen."""

import json
from collections import Counter
from typing import Any

from flask import Blueprint, Response, g, request

from service.api.parameters import flag, refuse_unknown
from service.api.problems import problem
from service.backend import Backend
from service.contract.errors import Code, DepecheError, QueueFull
from service.contract.outages import store_errors, unavailable
from service.contract.room import Room

#: Milliseconds for which the key of the readiness probe lives.
_PROBE_MS = 10_000

#: Seconds after which somebody who found no worker should look again.
_WORKER_RETRY_S = 5


def make_blueprint(backend: Backend) -> Blueprint:
    """The routes /healthz and /readyz."""
    blueprint = Blueprint("health", __name__)

    @blueprint.get("/healthz")
    def alive() -> Response:
        """The process answers."""
        refuse_unknown(request)
        return _json({"status": "alive"})

    @blueprint.get("/readyz")
    def ready() -> Response:
        """Work is taken: Redis can be written and has memory left, and the queue has room. `?workers=1` asks for a worker too.

        Strangers learn that much and no more.
        """
        refuse_unknown(request, "workers")
        needs_worker = flag(request, "workers")
        members: dict[str, Any] = {"redis": "unavailable"}
        members |= dict.fromkeys(("durability", "eviction", "queue", "workers", "deliveries"))
        try:
            room = _look(backend, members)
            _judge(room, members, needs_worker=needs_worker)
        except DepecheError as error:
            return problem(error, members={"ready": False, **(members if g.trusted else {})})
        return _json({"ready": True, **(members if g.trusted else {})})

    return blueprint


def _look(backend: Backend, members: dict[str, Any]) -> Room:
    store = backend.store
    with store_errors():
        store.redis.set(store.keys.probe, "1", px=_PROBE_MS)
    members["redis"] = "writable"
    members["durability"] = store.durability.outlives().value
    eviction = store.durability.eviction()
    members["eviction"] = eviction.policy if eviction is not None else None
    room = store.room()
    members["queue"] = {"jobs": room.jobs, "limit": room.limit}
    workers = store.workers()
    counts = Counter(json.dumps(worker.get("models"), sort_keys=True) for worker in workers)
    members["workers"] = {
        "seen": len(workers),
        "models": [{"workers": count, **(json.loads(models) or {})} for models, count in counts.most_common()],
    }
    backlog = backend.deliveries.backlog()
    members["deliveries"] = {"due": backlog.due, "oldest_s": round(backlog.oldest_s, 1), "senders": backlog.senders}
    return room


def _judge(room: Room, members: dict[str, Any], *, needs_worker: bool) -> None:
    if room.memory_short:
        raise unavailable("OOM")
    if room.full:
        raise QueueFull(room.limit, room.retry_after)
    if needs_worker and not members["workers"]["seen"]:
        raise DepecheError(
            Code.NO_WORKER,
            "Work is accepted, but no worker was seen in the last 30 s. Start one with depeche-worker run.",
            retry_after=_WORKER_RETRY_S,
        )


def _json(body: dict[str, Any]) -> Response:
    return Response(json.dumps(body, ensure_ascii=False).encode(), mimetype="application/json")
