"""`depeche web` with one view more, `/nothing`, which does nothing: what the server itself costs."""

from collections.abc import Callable, Iterable
from typing import Any

from service import server
from service.settings import Settings


def load(self: Any) -> Callable[..., Iterable[bytes]]:
    """The application with the view beside it, in a process of its own."""
    from flask import Flask

    app: Any = _load(self)
    bare = Flask("nothing")
    bare.get("/nothing")(lambda: "")

    def either(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        answer: Iterable[bytes] = (bare if environ["PATH_INFO"] == "/nothing" else inner)(environ, start)
        return answer

    inner = app.wsgi_app
    app.wsgi_app = either
    found: Callable[..., Iterable[bytes]] = app
    return found


_load: Callable[[Any], Any] = server._Gunicorn.load


if __name__ == "__main__":
    server._Gunicorn.load = load  # type: ignore[method-assign]
    server.serve(Settings.load())
