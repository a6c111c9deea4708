"""`depeche webhook-secret`: makes, tells of and removes what a client's webhooks are signed with. Talks to Redis directly."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from service.commands.failure import Failed, WithoutRedis

if TYPE_CHECKING:  # `depeche web` must not import what gevent has to patch first
    from service.contract.webhook_secrets import WebhookSecretStore


@click.group(name="webhook-secret")
def webhook_secret() -> None:
    """Makes, tells of and removes webhook secrets. CLIENT is whose: `local` where no keys are used.

    Clients can do it themselves: POST /v1/webhook-secret. Reads DEPECHE_REDIS_URL and DEPECHE_KEY_PREFIX.
    """


@webhook_secret.command()
@click.argument("client", metavar="CLIENT")
def rotate(client: str) -> None:
    """Makes a secret and prints it alone on standard output, this once. An older one signs too for 24 hours."""
    from service.contract.api_keys import NAME

    if not NAME.match(client):
        raise Failed("a client takes 1 to 64 of A-Z, a-z, 0-9 and ._@-, the first a letter or digit")
    with _store() as store:
        made, secret = store.rotate(client)
    click.echo(secret)
    beside = " The one before signs too for 24 hours." if made.old_until_ms else ""
    click.echo(f"depeche: webhook secret of {client}. It can't be shown again: keep it.{beside}", err=True)


@webhook_secret.command()
@click.argument("client", metavar="CLIENT")
def show(client: str) -> None:
    """Tells, as JSON, when it was made and rotated, and until when an older one signs too; never the secret."""
    from service.contract.times import timestamp

    with _store() as store:
        found = store.get(client)
    times = {"created_at": found.created_ms, "rotated_at": found.rotated_ms, "old_until": found.old_until_ms}
    click.echo(json.dumps({name: timestamp(milliseconds) for name, milliseconds in times.items()}, indent=2))


@webhook_secret.command()
@click.argument("client", metavar="CLIENT")
def remove(client: str) -> None:
    """Ends a client's secrets at once. Its webhooks wait until it has one again."""
    with _store() as store:
        store.remove(client)
    click.echo("removed")


@contextmanager
def _store() -> Iterator["WebhookSecretStore"]:
    """The secrets; what goes wrong with Redis, the settings or a client without one is one line."""
    from service.contract.connection import connect
    from service.contract.errors import StoreUnavailable, WebhookSecretNotFound
    from service.contract.settings import SettingsError
    from service.contract.webhook_secrets import WebhookSecretStore
    from service.settings import Settings

    try:
        settings = Settings.load()
        url = settings.redis_url.get_secret_value()
        with connect(url, timeout_s=settings.redis_timeout_s, name="depeche-webhook-secret") as redis:
            yield WebhookSecretStore(redis, prefix=settings.key_prefix)
    except WebhookSecretNotFound:
        raise Failed("this client has no webhook secret") from None
    except StoreUnavailable as error:
        raise WithoutRedis(str(error)) from None
    except SettingsError as error:
        raise Failed(str(error)) from None
