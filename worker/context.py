"""What attempts work with: the engine, proved; the ledger; the book of attempts. One for each process."""

import os
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from service.contract.attempt import Lane
from service.contract.connection import connect
from service.contract.leases import LeaseStore
from service.contract.logs import get_logger
from worker.attempts import AttemptBook
from worker.engine import EngineOptions, build_engine
from worker.engine.interface import Engine, Role
from worker.settings import Settings

log = get_logger(__name__)

#: The exit status of a process whose engine broke: its supervisor should start it again.
EXIT_BROKEN = 70


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerContext:
    """What a task works with. One for each worker process, made once its models are proved."""

    settings: Settings
    store: LeaseStore
    engine: Engine
    book: AttemptBook
    worker: str
    draining: threading.Event
    lane: Lane = Lane.MAIN


def open_context(
    settings: Settings,
    *,
    worker: str,
    draining: threading.Event,
    on_broken: Callable[[str], None],
    lane: Lane = Lane.MAIN,
) -> WorkerContext:
    """Loads and proves the models, and connects. `on_broken` is told once when the engine breaks. Raises `ModelError`."""
    began = time.monotonic()
    engine = build_engine(engine_options(settings))
    redis = connect(
        settings.redis_url.get_secret_value(),
        timeout_s=settings.redis_timeout_s,
        name=f"depeche-worker-{os.getpid()}",
    )
    store = LeaseStore(redis, prefix=settings.key_prefix, retention_s=settings.retention_s)
    book = AttemptBook(
        store,
        worker=worker,
        lease_s=settings.lease_s,
        renew_s=settings.renew_s,
        description=lambda: describe(worker, engine, settings, lane=lane),
        on_lost=engine.cancel,
        failure=engine.failure,
        on_broken=on_broken,
    )
    log.info("models_ready", seconds=round(time.monotonic() - began, 2), **models_of(engine))
    return WorkerContext(
        settings=settings, store=store, engine=engine, book=book, worker=worker, draining=draining, lane=lane
    )


def engine_options(settings: Settings) -> EngineOptions:
    """The engine's part of the settings."""
    return EngineOptions(
        kind=settings.engine,
        fake_seconds_per_token=settings.fake_seconds_per_token,
        fake_seconds_per_batch=settings.fake_seconds_per_batch,
        fake_die_on=settings.fake_die_on,
        fake_hang_on=settings.fake_hang_on,
        fake_fail_on=settings.fake_fail_on,
        fake_oom_rows=settings.fake_oom_rows,
        translator=settings.translator,
        translator_revision=settings.translator_revision,
        summarizer=settings.summarizer,
        summarizer_revision=settings.summarizer_revision,
        device=settings.device,
        precision=settings.precision,
        beams=settings.beams,
        batch_tokens=settings.batch_tokens,
        batch_rows=settings.batch_rows,
        queue_tokens=settings.queue_tokens,
        offline=settings.offline,
        threads=settings.threads,
    )


def describe(worker_id: str, engine: Engine, settings: Settings, *, lane: Lane = Lane.MAIN) -> dict[str, object]:
    """What `/readyz` and `/metrics` show of a worker, now."""
    return {
        "id": worker_id,
        "host": socket.gethostname(),
        "models": models_of(engine),
        "concurrency": 1 if lane is Lane.QUARANTINE else settings.concurrency,
        "lane": lane.value or "main",
        "resident_bytes": _resident_bytes(),
        "engine": asdict(engine.stats()),
    }


def _resident_bytes() -> int | None:
    """The memory of this process, where the system says (Linux)."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except OSError:
        return None
    return pages * os.sysconf("SC_PAGE_SIZE")


def models_of(engine: Engine) -> dict[str, Any]:
    """Id and revision of each model, by its role."""
    infos = {role.value: engine.info(role) for role in Role}
    return {role: {"id": info.id, "revision": info.revision} if info else None for role, info in infos.items()}
