"""The Lua scripts of `lua/`, each with the prelude before it."""

from importlib.resources import files

from redis import Redis
from redis.commands.core import Script

_FOLDER = files("service.contract") / "lua"


def load_script(redis: Redis, name: str) -> Script:
    """Registers `lua/{name}.lua`; redis-py sends its SHA-1, and the text where the server does not know it."""
    text = "\n".join((_FOLDER / f"{part}.lua").read_text(encoding="utf-8") for part in ("prelude", name))
    return redis.register_script(text)
