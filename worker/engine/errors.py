"""What goes wrong below the engine's interface.

ModelError      a model can't be loaded, or loaded and proved worthless; the worker does not start
OutOfMemory     a batch did not fit; the batcher tries again with half of it
DeviceFailed    the device or its context is broken; nothing can run any more

What callers of the engine see (`EngineError` and its kin) is in `worker.engine.interface`.
"""


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
