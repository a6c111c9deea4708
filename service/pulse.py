"""The front end's word that Redis answers.

The sweeps of workers charge nobody for a silence that may have been Redis's. Where all workers are dead at once, the front
end is the one who can tell.
"""

import threading
from contextlib import suppress

from service.contract.errors import StoreUnavailable
from service.contract.ledger import Ledger


class Pulse(threading.Thread):
    """Notes every third of a lease that Redis answers; says nothing where it does not. Runs until its process ends."""

    def __init__(self, store: Ledger, *, lease_s: float) -> None:
        super().__init__(name="pulse", daemon=True)
        self._store = store
        self._lease_s = lease_s
        self._pause = threading.Event()

    def run(self) -> None:
        """For ever."""
        while True:
            with suppress(StoreUnavailable):  # requests say so, and the gap speaks for itself
                self._store.pulse(lease_s=self._lease_s)
            self._pause.wait(self._lease_s / 3)
