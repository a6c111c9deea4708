"""An attempt that nobody watches."""

from service.contract.states import Stage


class Unwatched:
    """A `Watch` (`worker.pipeline`) that goes on to the end."""

    def report(self, stage: Stage, done: int, total: int) -> None:
        """Progress that nobody asks for."""

    def check(self) -> None:
        """Nothing stops it."""
