"""A worker in whose process the wall clock jumps by hours: `python -m scripts.lab.chaos.jumping_clock SEED run`.

`time.time` is replaced before anything of the worker is imported. `time.monotonic` is left alone: no real one jumps.
"""

import random
import sys
import time

#: Seconds between two jumps at most, and how far the clock may be off.
_EVERY_S, _FAR_S = 2.0, 9 * 3600.0


class JumpingClock:
    """Stands in for `time.time`. Seconds since 1970, more or less."""

    def __init__(self, seed: int) -> None:
        self._true = time.time
        self._dice = random.Random(seed)  # noqa: S311 - it must be repeatable
        self._offset_s = 0.0
        self._jumps_at = time.monotonic()

    def __call__(self) -> float:
        """The true time and the offset of the moment."""
        if time.monotonic() >= self._jumps_at:
            self._jumps_at = time.monotonic() + self._dice.uniform(0, _EVERY_S)
            self._offset_s = self._dice.choice([0.0, self._dice.uniform(-_FAR_S, _FAR_S)])
        return self._true() + self._offset_s


def main() -> None:
    """Runs `depeche-worker` with the arguments after the seed."""
    time.time = JumpingClock(int(sys.argv[1]))
    sys.argv = ["depeche-worker", *sys.argv[2:]]
    from worker.cli import main as worker

    worker()


if __name__ == "__main__":
    main()
