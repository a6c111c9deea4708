"""`depeche deliver`: sends webhooks until a signal stops it. It needs Redis and a way to the receivers; no front end."""

import os
import signal
import socket
from types import FrameType
from typing import TYPE_CHECKING

import click

from service.commands.failure import Failed

if TYPE_CHECKING:  # `depeche web` must not import what gevent has to patch first
    from service.webhooks.sender import Sender


@click.command()
@click.option("--at-once", type=int, help="Webhooks that are sent at once (DEPECHE_CALLBACKS_AT_ONCE, 64).")
@click.option(
    "--alive", is_flag=True, help="Only ask whether a sender of this machine was seen in the last 30 seconds."
)
def deliver(at_once: int | None, alive: bool) -> None:
    """Tells the callback URLs of jobs of their ends. Several may run."""
    from service.contract.connection import connect
    from service.contract.deliveries import DeliveryStore
    from service.contract.errors import StoreUnavailable
    from service.contract.logs import configure_logs
    from service.contract.settings import SettingsError
    from service.settings import Settings
    from service.webhooks.post import Poster
    from service.webhooks.sender import Sender

    host = socket.gethostname()
    try:
        settings = Settings.load(callbacks_at_once=at_once)
        url = settings.redis_url.get_secret_value()
        with connect(url, timeout_s=settings.redis_timeout_s, name="depeche-deliver") as redis:
            store = DeliveryStore(redis, prefix=settings.key_prefix, retention_s=settings.retention_s)
            if alive:
                if not any(name.rpartition(":")[0] == host for name in store.senders()):
                    raise Failed("no sender of this machine was seen in the last 30 s")
                return
            configure_logs(settings.log_level, settings.log_format)
            sender = Sender(
                store,
                Poster(settings.callback_addresses),
                name=f"{host}:{os.getpid()}",
                at_once=settings.callbacks_at_once,
            )
            _stop_on_signals(sender)
            sender.run()
    except (SettingsError, StoreUnavailable) as error:
        raise Failed(str(error)) from None


def _stop_on_signals(sender: "Sender") -> None:
    def stop(number: int, frame: FrameType | None) -> None:
        sender.stop()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
