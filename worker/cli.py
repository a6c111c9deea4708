"""The `depeche-worker` command: run, models, doctor."""

import json
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from service.contract.connection import connect, without_password
from service.contract.errors import StoreUnavailable
from service.contract.leases import LeaseStore
from service.contract.logs import configure_logs
from service.contract.settings import SettingsError
from worker.settings import Settings

if TYPE_CHECKING:
    from worker.engine.interface import Role
    from worker.engine.registry import ModelSource

T = TypeVar("T")

#: What stands for a summariser where none is loaded.
EXTRACTIVE = "extractive: no model"


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Runs and looks after the worker, which translates and summarises. Settings: DEPECHE_ variables, see the README."""


@main.command()
@click.option("--translator", help="bundled, opus, a folder, or a hub id (ID@REVISION pins it).")
@click.option("--summarizer", help="An abstractive model: a folder or a hub id; or bundled: extractive summaries.")
@click.option("--device", help="auto, cpu, cuda or cuda:N.")
@click.option("--precision", help="auto, float32, bfloat16, float16 or int8.")
@click.option("--concurrency", type=int, help="Articles in flight at once.")
def run(**options: Any) -> None:
    """Loads the models, proves them, and works on jobs until a signal stops it."""
    settings = _settings(**options)
    configure_logs(settings.log_level, settings.log_format)
    _reach_redis(settings)
    from worker.app import WorkerService

    # Without a terminal's job control a parent's ignored SIGINT would be inherited; Celery installs its own handlers.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.exit(WorkerService(settings).run())


@main.command(hidden=True)
@click.option("--worker", required=True)
def quarantine(worker: str) -> None:
    """Works on quarantined jobs, one at a time, until none is left. The worker starts this itself."""
    settings = _settings()
    configure_logs(settings.log_level, settings.log_format)
    from worker.quarantine import run_lane

    sys.exit(run_lane(settings, worker))


@main.group()
def models() -> None:
    """Looks at models, and fetches them ahead of time."""


@models.command("list")
def list_models() -> None:
    """Shows the models that the settings name, whether they are at hand without the hub, and under which licence."""
    for role, name, source in _with_each_model(lambda source, role: source):
        licence = f"  {_licence(source.at_hand())}" if source else ""
        click.echo(f"{role:<11} {name}  {source or EXTRACTIVE}{licence}")


@models.command()
def fetch() -> None:
    """Downloads the models that the settings name, so that a worker can start with DEPECHE_OFFLINE=1."""
    from worker.engine.registry import fetch as fetch_model

    for role, name, path in _with_each_model(fetch_model):
        click.echo(f"{role:<11} {name} is at {path}  {_licence(path)}" if path else f"{role:<11} {name}  {EXTRACTIVE}")


@main.command()
@click.option(
    "--alive", is_flag=True, help="Only ask whether a worker of this machine was seen in the last 30 seconds."
)
def doctor(alive: bool) -> None:
    """Checks what a worker needs: Redis, its settings, the models. Exits with 0 when all is well."""
    settings = _settings()
    store = _reach_redis(settings)
    workers = store.workers()
    here = [worker for worker in workers if worker.get("host") == socket.gethostname()]
    if alive:
        if not here:
            raise _Failed("no worker of this machine was seen in the last 30 s")
        return
    click.echo(f"redis       {without_password(settings.redis_url.get_secret_value())} answers")
    click.echo(f"workers     {len(workers)} seen in the last 30 s, {len(here)} of them here")
    for worker in workers:
        click.echo(f"            {json.dumps(worker, ensure_ascii=False)}")
    configure_logs("ERROR", "console")
    from worker.context import describe, engine_options
    from worker.engine import ModelError, build_engine

    try:
        engine = build_engine(engine_options(settings))
    except ModelError as error:
        raise _Failed(f"models: {error}") from None
    click.echo(f"models      {json.dumps(describe('doctor', engine, settings)['models'], ensure_ascii=False)} proved")
    engine.close()


class _Failed(click.ClickException):
    """One line on standard error and exit status 1."""


def _settings(**options: Any) -> Settings:
    try:
        return Settings.load(**options)
    except SettingsError as error:
        raise _Failed(str(error)) from None


def _reach_redis(settings: Settings) -> LeaseStore:
    """A store whose Redis answers, or one clear line."""
    url = settings.redis_url.get_secret_value()
    try:
        redis = connect(url, timeout_s=settings.redis_timeout_s, name="depeche-worker-start")
        store = LeaseStore(redis, prefix=settings.key_prefix, retention_s=settings.retention_s)
        store.depth()
    except ValueError:
        raise _Failed("DEPECHE_REDIS_URL can't be read: use redis://, rediss:// or unix://") from None
    except StoreUnavailable as error:
        shown = without_password(url)
        raise _Failed(f"{error.detail.split('.')[0]} at {shown}. Start it, or set DEPECHE_REDIS_URL.") from None
    return store


def _licence(folder: Path | None) -> str:
    """What `models` says of the licence of a model's files, which lie in `folder`, if they are here."""
    from worker.engine.licence import is_commercial, licence_of

    licence = licence_of(folder) if folder else None
    return f"licence {licence or 'unknown'}" + ("" if is_commercial(licence) else ": NOT FOR COMMERCIAL USE")


def _with_each_model(look: "Callable[[ModelSource, Role], T]") -> Iterator[tuple[str, str, T | None]]:
    """Role, name and what `look` finds of each model that the settings name; one line where it raises `ModelError`.

    None is found of a name that stands for no model, as `bundled` does for a summarizer.
    """
    from worker.engine import ModelError
    from worker.engine.interface import Role
    from worker.engine.registry import resolve, resolve_summarizer

    settings = _settings()
    named = (
        (Role.TRANSLATOR, resolve, settings.translator, settings.translator_revision),
        (Role.SUMMARIZER, resolve_summarizer, settings.summarizer, settings.summarizer_revision),
    )
    for role, resolved, name, revision in named:
        if name is None:
            continue
        try:
            source = resolved(name, revision)
            found = look(source, role) if source is not None else None
        except ModelError as error:
            raise _Failed(f"{role}: {error}") from None
        yield role, name, found


if __name__ == "__main__":
    main()
