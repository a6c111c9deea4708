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
