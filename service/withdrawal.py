"""Takes back what was not accepted after all, or should not stay. Redis may be just what does not answer, so it insists."""

import threading
from collections.abc import Callable

from service.contract.errors import StoreUnavailable
from service.contract.logs import get_logger

log = get_logger(__name__)

#: Seconds that an answer waits for a withdrawal; it goes on behind it.
_WAIT_S = 0.3

#: Tries to withdraw something, and seconds between them.
_TRIES = 30
_PAUSE_S = 1.0


class Withdrawal(threading.Thread):
    """Calls `withdraw`, which says whether there was something to take back, until it did or had `answers`.

    It insists, in a thread, where that raises `StoreUnavailable`. `context` is what the log says of it.
    """

    def __init__(self, withdraw: Callable[[], bool], *, answers: int = 1, **context: str) -> None:
        super().__init__(name="withdrawal", daemon=True)
        self._withdraw = withdraw
        self._answers = answers
        self._context = context
        self._in_use = False
        self._pause = threading.Event()

    def succeeds(self) -> bool:
        """Starts it. False where nothing was taken back within a moment: it is in use already, and counts as accepted."""
        self.start()
        self.join(_WAIT_S)
        return not self._in_use

    def run(self) -> None:
        """Tries, and tries again."""
        for _ in range(_TRIES):
            try:
                withdrawn = self._withdraw()
            except StoreUnavailable:
                withdrawn = False
            else:
                self._answers -= 1
                self._in_use = not withdrawn
            if withdrawn or not self._answers:
                return
            self._pause.wait(_PAUSE_S)
        log.warning("withdrawal_failed", **self._context)
