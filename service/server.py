"""Runs the front end: gunicorn with greenlets, on a socket that is opened first, so that a taken port is one clear line.

Nothing here may import the application: each process does that itself, after gevent has made blocking calls cooperative.
"""

import errno
import multiprocessing
import resource
import shutil
import socket
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gunicorn.app.base import BaseApplication

from service.contract.logs import configure_logs
from service.settings import Settings, is_loopback

#: Seconds for which an idle connection is kept, and within which the head of a request must arrive.
KEEPALIVE_S = 5

#: Seconds that the last answers may take when the server stops.
GRACE_S = 10

#: Seconds without a sign of life after which a process is replaced.
_SILENCE_S = 30

#: Connections that may wait to be accepted.
_BACKLOG = 2048

#: The exit status of a look that found no API key.
_NO_KEYS = 3

#: Files that a process needs beyond two for each connection.
_SPARE_FILES = 256


class ServerError(Exception):
    """The server can't start. The message is one line that says why and what to do."""


def serve(settings: Settings) -> None:
    """Runs until a signal stops it, then ends the process with its exit status. Raises `ServerError`."""
    if settings.keys_required and not is_loopback(settings.host) and not _keys_may_exist(settings):
        raise ServerError(
            f"others can reach {settings.host}, and there is no API key. Make one with `depeche keys create NAME`, or listen "
            "on 127.0.0.1, or set DEPECHE_TRUST_NETWORK=1 where only people you trust reach that address"
        )
    listener = listen(settings.host, settings.port)
    port = listener.getsockname()[1]
    configure_logs(settings.log_level, settings.log_format)
    _raise_file_limit(settings.connections * 2 + _SPARE_FILES)
    shown = f"[{settings.host}]" if ":" in settings.host else settings.host
    processes = "1 process" if settings.processes == 1 else f"{settings.processes} processes"
    print(f"Dépêche listens on http://{shown}:{port}/ with {processes}.", flush=True)
    _Gunicorn(settings, listener.detach()).run()


def listen(host: str, port: int) -> socket.socket:
    """A listening socket. Raises `ServerError`."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except socket.gaierror:
        raise ServerError(f"DEPECHE_HOST {host} is not an address of this machine") from None
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise ServerError(_refusal(error, host, port)) from None
    return listener


def _refusal(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} of {host} is taken. Stop what uses it, or choose another with --port or DEPECHE_PORT"
    if error.errno == errno.EACCES:
        return f"port {port} is not for this user. Choose one above 1023 with --port or DEPECHE_PORT"
    if error.errno == errno.EADDRNOTAVAIL:
        return f"DEPECHE_HOST {host} is not an address of this machine"
    return f"{host}:{port} can't be listened on: {error.strerror}"


def _keys_may_exist(settings: Settings) -> bool:
    """Whether there is an API key, or Redis does not say. A process of its own asks, since gevent has to come before redis."""
    process = multiprocessing.get_context("fork").Process(target=_look_for_keys, args=(settings,))
    process.start()
    process.join()
    return process.exitcode != _NO_KEYS


def _look_for_keys(settings: Settings) -> None:
    from service.contract.api_keys import KeyStore
    from service.contract.connection import connect
    from service.contract.errors import StoreUnavailable

    url = settings.redis_url.get_secret_value()
    redis = connect(url, timeout_s=settings.redis_timeout_s, name="depeche-web-start")
    try:
        found = KeyStore(redis, prefix=settings.key_prefix).any()
    except StoreUnavailable:
        return  # keys are demanded all the same: 503 until they can be looked at
    sys.exit(0 if found else _NO_KEYS)


class _Gunicorn(BaseApplication):  # type: ignore[misc]  # gunicorn has no types
    def __init__(self, settings: Settings, descriptor: int) -> None:
        self._settings = settings
        self._descriptor = descriptor
        self._counts = Path(tempfile.mkdtemp(prefix="depeche-metrics-"))
        super().__init__()

    def load_config(self) -> None:
        options = {
            "bind": f"fd://{self._descriptor}",
            "workers": self._settings.processes,
            "worker_class": "service.greenlets.GreenletWorker",
            "worker_connections": self._settings.connections,
            "logger_class": "service.greenlets.StructuredLogger",
            "timeout": _SILENCE_S,
            "graceful_timeout": GRACE_S,
            "keepalive": KEEPALIVE_S,
            "backlog": _BACKLOG,
            "limit_request_line": 4094,
            "limit_request_fields": 64,
            "limit_request_field_size": 8190,
            "forwarded_allow_ips": "",
            "control_socket_disable": True,
            "post_worker_init": _begin,
            "pre_fork": self._prepare,
            "on_exit": self._clean_up,
            # prometheus_client looks at this when it is imported
            "raw_env": [f"PROMETHEUS_MULTIPROC_DIR={self._counts}"],
        }
        for name, value in options.items():
            self.cfg.set(name, value)

    def load(self) -> Callable[..., Any]:
        """The application, in a process of its own."""
        from service.app import create_app
        from service.contract.language import warm

        warm()
        return create_app(self._settings, self._counts)

    def _prepare(self, _server: Any, _worker: Any) -> None:
        """Some systems clear old folders of /tmp away."""
        self._counts.mkdir(mode=0o700, exist_ok=True)

    def _clean_up(self, _server: Any) -> None:
        shutil.rmtree(self._counts, ignore_errors=True)


def _begin(worker: Any) -> None:
    """What a process does beside answering requests, in threads, as Redis may not answer.

    The first one says once what about Redis is not as it should be.
    """
    from service.pulse import Pulse

    backend = worker.wsgi.extensions["depeche"]
    Pulse(backend.store, lease_s=backend.settings.lease_s).start()
    if worker.age == 1:
        threading.Thread(target=_report, args=(backend,), daemon=True).start()


def _report(backend: Any) -> None:
    from service.report import report

    report(backend)


def _raise_file_limit(wanted: int) -> None:
    """Lets the processes hold as many connections as they are told to, as far as the system permits."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        limit = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))
        if limit < wanted:
            print(
                f"depeche: only {limit} open files are permitted; DEPECHE_CONNECTIONS may be too many", file=sys.stderr
            )
