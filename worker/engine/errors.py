"""What goes wrong below the engine's interface.

ModelError      a model can't be loaded, or loaded and proved worthless; the worker does not start
OutOfMemory     a batch did not fit; the batcher tries again with half of it
DeviceFailed    the device or its context is broken; nothing can run any more

What callers of the engine see (`EngineError` and its kin) is in `worker.engine.interface`.
"""

import traceback


class ModelError(Exception):
    """A model can't be used. The message is one line and says what to do."""


class OutOfMemory(Exception):
    """A batch needs more memory than there is."""


class DeviceFailed(Exception):
    """The device can't be used any more by this process."""


def first_line(error: BaseException) -> str:
    """An error's type and the first line of what it says, at most 200 characters of it."""
    said = str(error).strip().split("\n", 1)[0][:200]
    return f"{type(error).__name__}: {said}" if said else type(error).__name__


def stack_of(error: BaseException) -> list[str]:
    """Where an error came from, or what caused it, innermost first: modules, lines and functions, nothing of what they held."""
    places: list[str] = []
    seen: BaseException | None = error
    while seen is not None:
        steps = [
            f"{frame.f_globals.get('__name__', '?')}:{line} {frame.f_code.co_name}"
            for frame, line in traceback.walk_tb(seen.__traceback__)
        ]
        places = [*reversed(steps), *places]
        seen = seen.__cause__
    return places
