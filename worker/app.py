"""Start-up and drain. A bootstep loads and proves the models before the worker takes its first message, or the process ends.

`worker_process_init` is not sent by the threads pool, and Celery swallows what signal handlers raise: hence a bootstep.
"""

import faulthandler
import logging
import os
import secrets
import signal
import socket
import threading
import warnings
from contextlib import suppress
from types import FrameType

from celery import bootsteps, signals
from celery.exceptions import Reject, SecurityWarning
from celery.platforms import EX_OK
from celery.worker import state

from service.contract.celery_app import make_celery, publish
from service.contract.errors import StoreUnavailable
from service.contract.lines import AGAIN
from service.contract.logs import get_logger
from service.contract.sweeps import SweepStore
from worker.context import EXIT_BROKEN, WorkerContext, open_context
from worker.engine import ModelError
from worker.messages import guard_queue
from worker.quarantine import QuarantineProcess
from worker.reconciler import Reconciler
from worker.rewriter import Rewriter
from worker.settings import Settings
from worker.tally import NAMES
from worker.tasks import register
from worker.vitals import LoopMoves
from worker.watchdog import make_watchdog

log = get_logger(__name__)

#: Each of them asks for an orderly end.
STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT, signal.SIGHUP)


class WorkerService:
    """One worker process: the Celery app, the engine, and the book of attempts."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.worker_id = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(3)}"
        self.draining = threading.Event()
        self._signalled = threading.Lock()
        self._broken = False
        guard_queue()
        self.app = make_celery(settings, socket_timeout_s=settings.redis_timeout_s, concurrency=settings.concurrency)
        self._context: WorkerContext | None = None
        self._reconciler: Reconciler | None = None
        self._lane: QuarantineProcess | None = None
        register(self.app, self.context)
        self._moves = LoopMoves()
        self.app.steps["worker"].add(_engine_step(self))
        self.app.steps["consumer"].add(self._moves.step())
        signals.worker_ready.connect(self._on_ready, weak=False)
        # Celery would set up logging of its own where nobody listens to this signal.
        signals.setup_logging.connect(_keep_logging, weak=False)

    def run(self) -> int:
        """Runs until a signal stops it. Returns the exit status."""
        faulthandler.enable()
        # Celery warns root in seven lines, of pickled messages above all; this worker reads JSON alone.
        warnings.filterwarnings("ignore", category=SecurityWarning)
        logging.getLogger("celery.app.trace").addFilter(_is_news)
        worker = self.app.Worker(
            hostname=f"depeche@{self.worker_id}",
            pool="threads",
            concurrency=self.settings.concurrency,
            loglevel=self.settings.log_level,
            without_gossip=True,
            without_mingle=True,
            without_heartbeat=True,
            quiet=True,
        )
        worker.start()
        # Python puts default handlers back while it ends: another signal would turn an orderly end into a death by signal.
        for number in STOP_SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        if self._context is not None:
            self._context.book.stop()
        if self._lane is not None:
            self._lane.stop(self.settings.drain_s / 2)
        return EXIT_BROKEN if self._broken else int(worker.exitcode or 0)

    def context(self) -> WorkerContext:
        """What tasks work with; there once the models are proved."""
        if self._context is None:
            raise RuntimeError("a message arrived before the models were proved")
        return self._context

    def listen(self) -> None:
        """Makes every signal that asks for an end start the drain, in place of what Celery does.

        Celery's handlers would reload the worker on SIGHUP without a drain, and fail on SIGQUIT and on the second of any: its
        threads pool can't be stopped cold.
        """
        for number in STOP_SIGNALS:
            signal.signal(number, self._on_signal)

    def open(self) -> None:
        """Loads and proves the models. Raises `ModelError`."""
        context = open_context(self.settings, worker=self.worker_id, draining=self.draining, on_broken=self._on_broken)
        store, settings = context.store, self.settings
        self._lane = QuarantineProcess(
            store, lease_s=settings.lease_s, environment={**os.environ, **settings.environment()}
        )
        sweeps = SweepStore(store.redis, prefix=settings.key_prefix, retention_s=settings.retention_s)
        self._reconciler = Reconciler(
            sweeps,
            worker=self.worker_id,
            lease_s=settings.lease_s,
            every_s=settings.sweep_s,
            publish=lambda job_id: publish(self.app, job_id, AGAIN),
            rewrite=Rewriter(sweeps, worker=self.worker_id, every_s=settings.rewrite_s).tend,
            tend=self._lane.tend,
        )
        self._context = context

    def _on_ready(self, **_: object) -> None:
        self.context().book.start()
        if self._reconciler is not None:
            self._reconciler.start()
        with suppress(StoreUnavailable):  # counts then begin when they come up
            self.context().store.declare(NAMES)
        make_watchdog(self.context(), self._moves).start()
        log.info("worker_ready", worker=self.worker_id, concurrency=self.settings.concurrency)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        name = signal.Signals(number).name
        if self._context is None:
            # Celery would notice once the models are loaded, which can take minutes. No job is held yet.
            log.info("worker_stopped", signal=name, reason="its models were not loaded yet")
            os._exit(0)
        state.should_stop = EX_OK  # Celery's event loop looks at this
        # A second signal may come in the middle of this handler; taking a lock is one step that it can't split.
        if self._signalled.acquire(blocking=False):
            self._drain()
            log.info("worker_draining", signal=name, jobs=len(self._context.book))

    def _drain(self) -> None:
        self.draining.set()
        if self._reconciler is not None:
            self._reconciler.stop()
        deadline = threading.Timer(self.settings.drain_s, _end_overdue_drain)
        deadline.daemon = True
        deadline.start()

    def _on_broken(self, reason: str) -> None:
        """The engine can't work any more: give everything back and end, for the supervisor to start a fresh process.

        The drain of an ordinary stop does that: Celery's own thread returns the messages to the queue.
        """
        log.critical("engine_broken", reason=reason)
        self._broken = True
        self._drain()
        os.kill(os.getpid(), signal.SIGTERM)


def _engine_step(service: WorkerService) -> type[bootsteps.StartStopStep]:
    class EngineStep(bootsteps.StartStopStep):  # type: ignore[misc]  # Celery has no types
        """Runs before the consumer connects. It has no `stop`: the engine thread must outlive the drain of the pool."""

        requires = ("celery.worker.components:Pool",)

        def start(self, parent: object) -> None:
            service.listen()
            try:
                service.open()
            except ModelError as error:
                log.critical("models_not_ready", reason=str(error))
                raise SystemExit(1) from None

    return EngineStep


def _keep_logging(**_: object) -> None:
    """Logging was set up before Celery was asked to start."""


def _is_news(record: logging.LogRecord) -> bool:
    """Of a message that is given back Celery logs a traceback; the worker's own line has said it."""
    return not (record.exc_info and isinstance(record.exc_info[1], Reject))


def _end_overdue_drain() -> None:
    """Work that can't be stopped holds up the drain: its leases expire and the jobs are taken up elsewhere."""
    log.critical("drain_overdue")
    faulthandler.dump_traceback()
    os._exit(EXIT_BROKEN)
