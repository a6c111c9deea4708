"""`depeche keys`: makes, lists and revokes API keys. Talks to Redis directly: whoever reaches it may do everything anyway."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from service.commands.failure import Failed, WithoutRedis

if TYPE_CHECKING:  # `depeche web` must not import what gevent has to patch first
    from service.contract.api_keys import ApiKey, KeyStore


@click.group()
def keys() -> None:
    """Makes, lists and revokes API keys. Reads DEPECHE_REDIS_URL and DEPECHE_KEY_PREFIX."""


@keys.command()
@click.argument("name")
@click.option(
    "--client", help="Whose jobs it sees (NAME). Several keys may share a client; `local`: jobs without a key."
)
@click.option("--jobs-per-minute", type=click.IntRange(1), metavar="N", help="Quota (DEPECHE_JOBS_PER_MINUTE).")
@click.option(
    "--characters-per-minute", type=click.IntRange(1), metavar="N", help="Quota (DEPECHE_CHARACTERS_PER_MINUTE)."
)
def create(name: str, client: str | None, jobs_per_minute: int | None, characters_per_minute: int | None) -> None:
    """Makes a key and prints it alone on standard output, this once."""
    from service.contract.quotas import Limits

    with _store() as store:
        try:
            key, whole = store.create(name, client=client, limits=Limits(jobs_per_minute, characters_per_minute))
        except ValueError as error:
            raise Failed(str(error)) from None
    click.echo(whole)
    click.echo(f"depeche: key {key.id} of client {key.client}. It can't be shown again: keep it.", err=True)


@keys.command(name="list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_keys(as_json: bool) -> None:
    """Lists the keys, without their secrets. The last use is known to a minute."""
    with _store() as store:
        found = [_view(key) for key in store.all()]
    if as_json:
        click.echo(json.dumps(found, indent=2))
        return
    if not found:
        click.echo("depeche: there are no keys", err=True)
        return
    rows = [_HEADINGS, *([_cell(value) for value in view.values()] for view in found)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


@keys.command()
@click.argument("key_id", metavar="ID")
def revoke(key_id: str) -> None:
    """Ends a key at once. The jobs of its client stay."""
    with _store() as store:
        if not store.revoke(key_id):
            # Not repeated: it may be a whole key.
            raise Failed("there is no key with this id. It has 8 characters: see `depeche keys list`")
    click.echo("revoked")


_HEADINGS = ["ID", "NAME", "CLIENT", "JOBS/MIN", "CHARACTERS/MIN", "CREATED", "LAST USED"]


def _view(key: "ApiKey") -> dict[str, Any]:
    return {
        "id": key.id,
        "name": key.name,
        "client": key.client,
        "jobs_per_minute": key.limits.jobs,
        "characters_per_minute": key.limits.characters,
        "created_at": _time(key.created_ms),
        "used_at": _time(key.used_ms),
    }


def _cell(value: object) -> str:
    return "-" if value is None else str(value)


def _time(milliseconds: int | None) -> str | None:
    """RFC 3339 in UTC, to the minute."""
    if milliseconds is None:
        return None
    return datetime.fromtimestamp(milliseconds / 1000, UTC).strftime("%Y-%m-%dT%H:%MZ")


@contextmanager
def _store() -> Iterator["KeyStore"]:
    """The keys; what goes wrong with Redis or the settings is one line."""
    from service.contract.api_keys import KeyStore
    from service.contract.connection import connect
    from service.contract.errors import StoreUnavailable
    from service.contract.settings import SettingsError
    from service.settings import Settings

    try:
        settings = Settings.load()
        redis = connect(settings.redis_url.get_secret_value(), timeout_s=settings.redis_timeout_s, name="depeche-keys")
        with redis:
            yield KeyStore(redis, prefix=settings.key_prefix)
    except StoreUnavailable as error:
        raise WithoutRedis(str(error)) from None
    except SettingsError as error:
        raise Failed(str(error)) from None
