"""Rewrites of Redis's append-only file: what was erased, or has expired, stays in there until one."""

from service.contract.logs import get_logger
from service.contract.sweeps import Rewrite, SweepStore

log = get_logger(__name__)

#: Why there is no rewrite, and what that means.
_REASONS = {
    Rewrite.NO_FILE: ("Redis keeps no append-only file, or does not say so", "there is nothing to rewrite"),
    Rewrite.REFUSED: ("Redis refuses BGREWRITEAOF", "what is erased stays in its file until it rewrites it by itself"),
}


class Rewriter:
    """Asks for a rewrite once in `every_s` seconds, by whichever worker comes first; never where that is 0.

    It says once, and not at each try, that Redis does not do it.
    """

    def __init__(self, store: SweepStore, *, worker: str, every_s: int) -> None:
        self._store = store
        self._worker = worker
        self._every_s = every_s
        self._said: Rewrite | None = None

    def tend(self) -> None:
        """Asks where it is time. Raises `StoreUnavailable`."""
        if not self._every_s:
            return
        answer = self._store.rewrite_file(self._worker, every_s=self._every_s)
        if answer is Rewrite.BEGUN:
            log.info("file_rewrite_begun", next_in_s=self._every_s)
        if answer in _REASONS and answer is not self._said:
            self._said = answer
            reason, effect = _REASONS[answer]
            log.warning("file_not_rewritten", reason=reason, effect=effect)
