"""Runs the whole of Dépêche on one machine: Redis, one worker, the front end, a sender of webhooks. Behind `scripts/run`.

Without articles it runs until Ctrl-C. With articles it submits them over HTTP like any client, prints what comes back, and
stops everything again.
"""

import argparse
import asyncio
import errno
import http.client
import math
import os
import signal
import socket
import sys
import time
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from scripts.lab.data_folder import Owned, Running, claim
from scripts.lab.embedded_redis import EmbeddedRedis
from scripts.lab.processes import Child, ChildError, stop_all
from service.contract.settings import SettingsError
from worker.settings import Settings as WorkerSettings

ROOT = Path(__file__).resolve().parents[2]

#: Seconds that the first answer may take: a large model loads slowly.
_START_S = 600.0

#: Seconds that a worker has to stop, above its own DEPECHE_DRAIN_S.
_WORKER_GRACE_S = 15.0

#: Seconds that a sender has to stop: more than one webhook may take.
_SENDER_GRACE_S = 30.0

#: Seconds for which a folder is waited for that another one is just starting or stopping with.
_PATIENCE_S = 10.0

#: Seconds between two starts of a process that keeps ending: at first, and at most.
_RESTART_S = (1.0, 30.0)


#: Opens addresses of this machine, whatever proxy the environment names.
_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Stopped(Exception):
    """A signal asked for the end."""


def main(argv: Sequence[str] | None = None) -> int:
    """Returns the exit status: 0 after an orderly stop, or if all articles succeeded."""
    options = _options(argv)
    missing = [path for path in options.articles if path != "-" and not os.path.exists(path)]
    if missing:
        return _complain(f"no such file: {', '.join(missing)}")
    data = Path(os.environ.get("DEPECHE_DATA_DIR") or ROOT / "data")
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _stop)
    try:
        patience_s = math.inf if options.articles else _PATIENCE_S
        with claim(
            data, patience_s=patience_s, on_wait=lambda: _say(f"another scripts/run uses {data}; waiting for its end")
        ) as owner:
            if isinstance(owner, Running):
                return _use_running(owner, options)
            return _run(owner, options)
    except (ChildError, SettingsError) as error:
        return _complain(str(error))
    except BrokenPipeError:
        # Whoever read standard output has gone; what is still buffered for it must not fail again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        return _complain(f"{error.filename or data}: {error.strerror or error}")
    except (KeyboardInterrupt, Stopped):
        return 0 if not options.articles else 130


def _run(owned: Owned, options: argparse.Namespace) -> int:
    drain_s = WorkerSettings.load().drain_s
    port = _port(options)
    url = f"http://127.0.0.1:{port}"
    environment = {**os.environ, "PYTHONUNBUFFERED": "1", "DEPECHE_HOST": "127.0.0.1", "DEPECHE_PORT": str(port)}
    logs = owned.data / "logs"
    children: list[Child] = []
    embedded = None
    try:
        if not os.environ.get("DEPECHE_REDIS_URL"):
            embedded = EmbeddedRedis(owned.data, log=logs / "redis.log", environment=environment, lock=owned.lock)
            children.append(embedded.child)
            embedded.start()
            environment["DEPECHE_REDIS_URL"] = embedded.url
        programs = Path(sys.executable).parent
        # The front end stops first, so that nothing is accepted while the worker drains; the sender stops behind both.
        worker = Child(
            "worker",
            [str(programs / "depeche-worker"), "run"],
            log=logs / "worker.log",
            environment=environment,
            grace_s=drain_s + _WORKER_GRACE_S,
        )
        web = Child(
            "front end", [str(programs / "depeche"), "web"], log=logs / "web.log", environment=environment, grace_s=15
        )
        started = [worker, web]
        if not options.articles:  # which have no webhooks
            sender = Child(
                "sender of webhooks",
                [str(programs / "depeche"), "deliver"],
                log=logs / "deliver.log",
                environment=environment,
                grace_s=_SENDER_GRACE_S,
            )
            started.insert(0, sender)
        for child in started:
            children.append(child)
            child.start()
        _wait_until_ready(url, started)
        if options.articles:
            return _submit(url, options)
        owned.announce(url)
        _greet(url, logs, embedded.url if embedded is not None else None)
        _supervise(children)
    finally:
        _ignore_signals()
        owned.withdraw()
        stop_all(children)
        if embedded is not None:
            embedded.close()
    return 0


def _supervise(children: Sequence[Child]) -> None:
    """Starts again what ends by itself, ever more slowly while it keeps ending. Runs until a signal raises."""
    delays = {child.name: _RESTART_S[0] for child in children}
    while True:
        time.sleep(0.5)
        for child in children:
            if child.status is None:
                if time.monotonic() - child.started_at > 60:
                    delays[child.name] = _RESTART_S[0]
                continue
            delay = delays[child.name]
            delays[child.name] = min(delay * 2, _RESTART_S[1])
            _say(f"{child.name} {_ending(child.status)}; starting it again in {delay:.0f} s\n{child.last_words(3)}")
            time.sleep(delay)
            child.start()


def _ending(status: int) -> str:
    if status >= 0:
        return f"ended with status {status}"
    try:
        return f"was ended by {signal.Signals(-status).name}"
    except ValueError:
        return f"was ended by signal {-status}"


def _wait_until_ready(url: str, children: Sequence[Child]) -> None:
    """Returns once the queue takes work and a worker is there. Raises `ChildError` where a child ends before that."""
    deadline = time.monotonic() + _START_S
    while time.monotonic() < deadline:
        for child in children:
            if child.status is not None:
                raise ChildError(f"the {child.name} did not start: {child.last_words()}")
        if _answers(f"{url}/readyz?workers=1"):
            return
        time.sleep(0.05)
    raise ChildError(f"no worker was ready within {_START_S:.0f} s; see the logs")


def _answers(url: str) -> bool:
    """Whether our own front end says 200 there. Not listening yet is no, and so is a 503."""
    try:
        with _direct.open(url, timeout=5):
            return True
    except (OSError, http.client.HTTPException):
        return False


def _submit(url: str, options: argparse.Namespace) -> int:
    from service.client import AsyncClient
    from service.commands.journal import Journal
    from service.commands.plan import Plan
    from service.commands.sources import find_sources, means_several, place
    from service.commands.submission import run_submission

    sources = find_sources(options.articles)
    if options.output is not None:
        options.output.mkdir(parents=True, exist_ok=True)
        sources = place(sources, options.output)
    plan = Plan(
        sources=sources,
        several=means_several(options.articles),
        json=options.json,
        summary_only=options.summary,
        output=options.output,
        cancel=True,
        article={"max_words": options.max_words},
    )
    return asyncio.run(run_submission(plan, AsyncClient(url), Journal(), stdout=sys.stdout, stderr=sys.stderr))


def _use_running(running: Running, options: argparse.Namespace) -> int:
    """Another `scripts/run` has the data folder: articles go to it, a second one is not started."""
    if not options.articles:
        return _complain(f"Dépêche already runs at {running.url} (process {running.pid}) with this data folder.")
    _say(f"submitting to the one that runs at {running.url}")
    return _submit(running.url, options)


def _port(options: argparse.Namespace) -> int:
    """The port asked for, refused in one line where it is taken; a free one for a run that ends by itself."""
    wanted = options.port
    if wanted is None:
        named = os.environ.get("DEPECHE_PORT") or "8000"
        if not named.isdecimal():
            raise ChildError(f"DEPECHE_PORT is {named!r}, which is no port")
        wanted = 0 if options.articles else int(named)
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", wanted))
        except OverflowError:
            raise ChildError(f"there is no port {wanted}: the last one is 65535") from None
        except OSError as error:
            why = "is taken" if error.errno == errno.EADDRINUSE else f"can't be used: {error.strerror}"
            raise ChildError(f"port {wanted} {why}. Choose another one with --port.") from None
        return int(probe.getsockname()[1])


def _greet(url: str, logs: Path, redis_url: str | None) -> None:
    """What can be done now. The address of a Redis that is not ours may hold a password, and is not shown."""
    _say(
        "ready\n"
        f"  page           {url}/\n"
        f"  interface      {url}/docs\n"
        f"  first steps    {ROOT / 'docs' / 'tutorial.md'}\n"
        f"  logs           {logs}\n"
        + (f"  for keys       export DEPECHE_REDIS_URL={redis_url}\n" if redis_url is not None else "")
        + "  Ctrl-C stops all of it."
    )


def _options(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = _parser()
    options = parser.parse_args(argv)
    if not options.articles and (options.json or options.summary or options.output or options.max_words is not None):
        parser.error("--json, --summary, --output and --max-words are for articles, and none is given")
    return options


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="scripts/run",
        description="Runs Dépêche: Redis, a worker and the front end. With articles, translates them and exits.",
        epilog="Settings are DEPECHE_ variables; the README has a table of them.",
    )
    parser.add_argument(
        "articles",
        nargs="*",
        metavar="ARTICLE",
        help="French text, Markdown or HTML in UTF-8, or a folder; - is standard input",
    )
    parser.add_argument(
        "--json", action="store_true", help="print the whole job as JSON; an array for several articles"
    )
    parser.add_argument("--summary", action="store_true", help="print the summary alone")
    parser.add_argument("--output", metavar="FOLDER", type=Path, help="write files into this folder")
    parser.add_argument("--max-words", metavar="N", type=int, help="most words of the summary (100)")
    parser.add_argument("--port", type=int, help="port of the front end (8000; a free one with articles)")
    return parser


def _stop(number: int, frame: FrameType | None) -> None:
    raise Stopped


def _ignore_signals() -> None:
    """While everything stops, a second Ctrl-C must not leave processes behind."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)


def _complain(message: str) -> int:
    _say(message)
    return 1


def _say(message: str) -> None:
    print(f"depeche: {message}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
