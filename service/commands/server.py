"""The options by which commands reach a front end, and how they say that they can't."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import click

from service.commands.failure import Failed, Misused, ShutOut

if TYPE_CHECKING:  # `web` must not import what gevent has to patch first
    from service.client import AsyncClient, Client

F = TypeVar("F", bound=Callable[..., Any])

#: Where a front end listens unless it is told otherwise.
DEFAULT_URL = "http://127.0.0.1:8000"

_url = click.option(
    "--url", envvar="DEPECHE_URL", default=DEFAULT_URL, show_default=True, help="Address of the front end."
)

_key = click.option(
    "--key",
    envvar="DEPECHE_API_KEY",
    show_envvar=True,
    help="API key, where the front end demands one. Others on this machine can see command lines: better use the variable.",
)


def reaching_a_server(command: F) -> F:
    """Gives a command the options `url` and `key`."""
    return _url(_key(command))


def open_client(url: str, key: str | None, **options: Any) -> "Client":
    """A client; a wrong address or key is one line."""
    from service.client import Client

    with _usable():
        return Client(url, key=key or None, **options)


def open_async_client(url: str, key: str | None, **options: Any) -> "AsyncClient":
    """The same for asyncio."""
    from service.client import AsyncClient

    with _usable():
        return AsyncClient(url, key=key or None, **options)


@contextmanager
def _usable() -> Iterator[None]:
    """An address or key that can't be one, as one line and wrong usage."""
    from service.client import ClientError

    try:
        yield
    except ClientError as error:
        raise Misused(str(error)) from None


@contextmanager
def one_line() -> Iterator[None]:
    """Errors of the client as one line, and the exit status that belongs to them."""
    from service.client import ClientError

    try:
        yield
    except ClientError as error:
        raise (ShutOut if is_shut_out(error) else Failed)(str(error)) from None


def is_shut_out(error: Exception) -> bool:
    """Whether it is not about what was asked: nobody was there, or nobody who lets us in."""
    from service.client import ApiError, Unreachable

    if isinstance(error, ApiError):
        return error.status in (401, 403, 421) or error.code == "unknown"
    return isinstance(error, Unreachable)
