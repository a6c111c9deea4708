"""A worker with a short patience whose event loop stops for ever, or hears no messages any more, or is well.

    hanging_worker.py blocked|deaf|well SECONDS

SECONDS is what DEPECHE_LOOP_STALL_S may not be set to: less than Celery takes to reach a Redis again that was away for long.
"""

import sys
import threading
from typing import Any

from celery import bootsteps

from service.contract.logs import configure_logs
from worker import app
from worker.settings import Settings

#: Seconds for which all is well.
WELL_S = 1.0


class BlockedStep(bootsteps.StartStopStep):  # type: ignore[misc]  # Celery has no types
    """Something in the event loop never returns."""

    def register_with_event_loop(self, consumer: Any, hub: Any) -> None:
        hub.call_later(WELL_S, threading.Event().wait)


class DeafStep(bootsteps.StartStopStep):  # type: ignore[misc]
    """The consumer does not ask for messages."""

    def register_with_event_loop(self, consumer: Any, hub: Any) -> None:
        hub.call_later(WELL_S, self.stop_listening, consumer)

    def stop_listening(self, consumer: Any) -> None:
        consumer.task_consumer.cancel()
        print("deaf", file=sys.stderr, flush=True)


STEPS = {"blocked": [BlockedStep], "deaf": [DeafStep], "well": []}


if __name__ == "__main__":
    configure_logs("INFO", "json")
    service = app.WorkerService(Settings.load().model_copy(update={"loop_stall_s": float(sys.argv[2])}))
    service.app.steps["consumer"].update(STEPS[sys.argv[1]])
    sys.exit(service.run())
