"""The quarantine lane: jobs that were there when workers died run here, one at a time, in a process of its own.

The worker starts that process when such a job waits, and sees at once when it dies. Nobody else is in it, so its death is the
job's doing. It ends when no job is left.
"""

import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress

from service.contract.attempt import Lane
from service.contract.errors import StoreUnavailable
from service.contract.leases import LeaseStore
from service.contract.logs import get_logger
from worker.context import EXIT_BROKEN, WorkerContext, open_context
from worker.engine import ModelError
from worker.settings import Settings
from worker.tasks import run_job
from worker.watchdog import make_watchdog

log = get_logger(__name__)

#: Seconds for which the process stays when no job is left: starting it means loading the models.
_IDLE_S = 10.0

#: Seconds between two looks at the lane.
_LOOK_S = 0.5

#: Seconds after a job, lest one that can't be claimed is asked for without a pause.
_PAUSE_S = 0.02

#: Seconds until a process that could not start is started again: first, and at most.
_BACKOFF_S = (5.0, 300.0)

_COMMAND = (sys.executable, "-m", "worker.cli", "quarantine", "--worker")

#: Exit status of a process that could not load or prove its models. It held no job.
EXIT_NOT_READY = 78


class QuarantineProcess:
    """The worker's side: one process at most, of all workers. `command` starts it; its id as a worker is appended.

    One that was not ready starts again after the first of `backoff_s`, then later and later, up to the second.
    """

    def __init__(
        self,
        store: LeaseStore,
        *,
        lease_s: float,
        environment: Mapping[str, str],
        command: Sequence[str] = _COMMAND,
        backoff_s: tuple[float, float] = _BACKOFF_S,
    ) -> None:
        self._store = store
        self._lease_s = lease_s
        self._command = list(command)
        self._environment = dict(environment)
        self._process: subprocess.Popen[bytes] | None = None
        self._worker = ""
        self._start_at = 0.0
        self._least_backoff_s, self._most_backoff_s = backoff_s
        self._backoff_s = self._least_backoff_s
        self._lock = threading.Lock()
        self._stopped = False

    def tend(self) -> None:
        """Starts the process where a job waits for it, and buries it where it has died. Raises `StoreUnavailable`."""
        with self._lock:
            if self._process is not None and not self._bury():
                self._store.hold_lane(self._worker, for_s=self._lease_s)
                return
            if self._stopped or time.monotonic() < self._start_at or self._store.quarantined() is None:
                return
            worker = f"{socket.gethostname()}-{os.getpid()}-quarantine-{secrets.token_hex(3)}"
            if self._store.hold_lane(worker, for_s=self._lease_s):
                self._start(worker)

    def stop(self, seconds: float) -> None:
        """Asks the process to give its job back, and waits for it so long."""
        with self._lock:
            self._stopped = True
            process = self._process
        if process is None or process.poll() is not None:
            return
        process.terminate()
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            log.warning("quarantine_not_stopped", effect="it ends after its job")

    def _start(self, worker: str) -> None:
        self._worker = worker
        # A session of its own: what kills the worker leaves the lane alone, or its job would be blamed for that.
        self._process = subprocess.Popen(  # noqa: S603 - our own command
            [*self._command, self._worker], env=self._environment, stdin=subprocess.DEVNULL, start_new_session=True
        )
        log.warning("quarantine_started", quarantine=self._worker)

    def _bury(self) -> bool:
        """Whether the process has ended; if it died, its job is charged here and now."""
        if self._process is None:
            return True
        status = self._process.poll()
        if status is None:
            return False
        if status == EXIT_NOT_READY:
            self._start_at = time.monotonic() + self._backoff_s
            log.critical(
                "quarantine_not_ready", again_in_s=self._backoff_s, remedy="its device may be full: see its log"
            )
            self._backoff_s = min(2 * self._backoff_s, self._most_backoff_s)
            if self._environment.get("DEPECHE_DEVICE") != "cpu":
                self._environment |= {"DEPECHE_DEVICE": "cpu", "DEPECHE_PRECISION": "auto"}  # float16 is for GPUs
        elif status != 0:
            for job_id, place in self._store.mourn(self._worker).items():
                log.error("quarantine_died", job_id=job_id, status=status, now=place.value)
        else:
            self._backoff_s = self._least_backoff_s
        self._store.leave_lane(self._worker)
        self._process = None
        return True


def run_lane(settings: Settings, worker: str) -> int:
    """The process's side, from its start to its exit status. `worker` is its id."""
    parent = os.getppid()
    draining, broken = threading.Event(), threading.Event()

    def on_broken(reason: str) -> None:
        log.critical("engine_broken", reason=reason)
        broken.set()
        draining.set()

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT, signal.SIGHUP):
        signal.signal(number, lambda *_: draining.set())
    try:
        context = open_context(settings, worker=worker, draining=draining, on_broken=on_broken, lane=Lane.QUARANTINE)
    except ModelError as error:
        log.critical("models_not_ready", reason=str(error))
        return EXIT_NOT_READY
    context.book.start()
    make_watchdog(context).start()
    work_alone(context, parent=parent)
    context.book.stop()
    with suppress(StoreUnavailable):  # it expires by itself
        context.store.leave_lane(worker)
    return EXIT_BROKEN if broken.is_set() else 0


def work_alone(context: WorkerContext, *, parent: int) -> None:
    """Works on quarantined jobs until none is left, the process `parent` is gone, or this one drains."""
    idle_since = time.monotonic()
    while not context.draining.is_set():
        try:
            job_id = context.store.quarantined()
        except StoreUnavailable as error:
            log.warning("store_unavailable", reason=error.detail)
            job_id = None
        if job_id is not None:
            run_job(context, job_id)
            idle_since = time.monotonic()
            context.draining.wait(_PAUSE_S)
        elif time.monotonic() - idle_since > _IDLE_S:
            return
        if os.getppid() != parent:
            log.info("quarantine_orphaned", effect="another worker's takes over")
            return
        if job_id is None:
            context.draining.wait(_LOOK_S)
