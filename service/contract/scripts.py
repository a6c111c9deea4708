"""The Lua scripts of `lua/`, each behind the names of the keys, the clock and the prelude."""

from importlib.resources import files

from redis import Redis
from redis.commands.core import Script

from service.contract.keys import Keys

_FOLDER = files("service.contract") / "lua"


def load_script(redis: Redis, keys: Keys, name: str) -> Script:
    """Registers `lua/{name}.lua`; redis-py sends its SHA-1, and the text where the server does not know it.

    Scripts name their keys themselves, which Redis allows everywhere but in a cluster, where Celery does not work either.
    """
    return redis.register_script("\n".join([_names(keys), source("clock"), source("prelude"), source(name)]))


def source(name: str) -> str:
    """The text of one file of `lua/`."""
    return (_FOLDER / f"{name}.lua").read_text(encoding="utf-8")


def _names(keys: Keys) -> str:
    """The names of the keys as a Lua table, and those of the lists of messages as another."""
    names = {
        "job": keys.job(""),
        "batch": keys.batch(""),
        "jobs_of": keys.jobs_of(""),
        "worker": keys.worker(""),
        "api_key": keys.api_key(""),
        "quota": keys.quota(""),
        "queued": keys.queued,
        "running": keys.running,
        "quarantined": keys.quarantined,
        "unlisted": keys.unlisted,
        "lane": keys.lane,
        "sweep": keys.sweep,
        "rewrite": keys.rewrite,
        "sentence": keys.sentence(""),
        "sentences": keys.sentences,
        "workers": keys.workers,
        "pulse": keys.pulse,
        "hook": keys.hook(""),
        "callbacks": keys.callbacks,
        "lanes": keys.lanes,
        "callbacks_to": keys.callbacks_to(""),
        "callbacks_out": keys.callbacks_out(""),
        "senders": keys.senders,
        "ends": keys.ends(""),
        "counts": keys.counts,
        "ended": keys.ended,
    }
    table = ", ".join(f"{name} = '{key}'" for name, key in names.items())
    lines = ", ".join(f"'{name}'" for name in keys.messages)
    return f"local KEY = {{{table}}}\nlocal LINES = {{{lines}}}"
