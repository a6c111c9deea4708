"""An `AsyncClient` that is called as a `Client` is, so that one test holds for both."""

import asyncio
import inspect
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any, Self, cast

from service.client import AsyncClient, Client

#: Makes a client, of either kind, of a server that is a function.
Maker = Callable[..., Client]


class DrivenClient:
    """Runs each call, and each step of a stream, to its end on an event loop of its own."""

    def __init__(self, client: AsyncClient) -> None:
        self._client = client
        self._runner = asyncio.Runner()

    def as_client(self) -> Client:
        """Itself, for mypy."""
        return cast(Client, self)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._runner.run(self._client.close())
        self._runner.close()

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self._client, name)

        def call(*arguments: Any, **options: Any) -> Any:
            outcome = method(*arguments, **options)
            return self._runner.run(outcome) if inspect.iscoroutine(outcome) else self._steps(outcome)

        return call

    def _steps(self, stream: AsyncIterator[Any]) -> Iterator[Any]:
        async def step() -> Any:
            return await anext(stream)

        while True:
            try:
                item = self._runner.run(step())
            except StopAsyncIteration:
                return
            yield item
