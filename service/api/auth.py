"""Who calls: the client behind an API key, or `local` where none is needed."""

from flask import Flask, Request, g, request

from service.backend import Backend
from service.contract.api_keys import ApiKey, shown_id
from service.contract.errors import KeyInvalid, KeyMissing, StoreUnavailable
from service.contract.logs import get_logger

log = get_logger(__name__)

#: Whose jobs those are that come without a key.
KEYLESS = "local"

#: Seconds after which a stream that has nothing to tell looks whether its caller's key is still in force.
LOOK_S = 5.0

#: Routes that are open to all: a sign of life, what the interface is, and the page, which has nothing of anybody and asks for
#: the key itself.
_OPEN = frozenset({"health.alive", "page.page", "page.job", "page.asset", "docs.document", "docs.page", "docs.style"})

#: Interfaces of other services, whose keys come in other places: they call `check` themselves.
_BY_THEMSELVES = frozenset({"libretranslate", "deepl"})

#: A route that says that Redis is away, even where no key can be looked at.
_BLIND = "metrics.read"

#: A route that tells strangers less.
_TERSE = "health.ready"


def register(app: Flask, backend: Backend) -> None:
    """Looks at the key of every request: `g.api_key` is None without one, `g.trusted` says that none is needed or it is good.

    Belongs behind the guards.
    """
    required = backend.settings.keys_required

    @app.before_request
    def authenticate() -> None:
        g.api_key = None
        g.trusted = not required
        if request.endpoint in _OPEN or request.blueprint in _BY_THEMSELVES:
            return
        whole = presented_key(request)
        if whole is not None:
            try:
                g.api_key = check(backend, whole)
            except StoreUnavailable:
                if request.endpoint == _BLIND:
                    return
                raise
            g.trusted = True
        if not g.trusted and request.endpoint != _TERSE:
            raise KeyMissing


def presented_key(request: Request) -> str | None:
    """What a request gives as its key: `X-API-Key`, else a Bearer token. Other schemes are for others, such as a proxy."""
    key = request.headers.get("X-API-Key")
    if key is not None:
        return key
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def client() -> str:
    """Whose request this is."""
    key: ApiKey | None = g.api_key
    return KEYLESS if key is None else key.client


def is_welcome(backend: Backend, key: ApiKey | None) -> bool:
    """Whether a caller who was let in with this key, or without, may hear more: it has not been revoked since.

    Raises `StoreUnavailable`.
    """
    return key is None or backend.keys.is_in_force(key.id)


def is_welcome_still(backend: Backend, key: ApiKey | None) -> bool:
    """As `is_welcome`; true where Redis does not answer now."""
    try:
        return is_welcome(backend, key)
    except StoreUnavailable:
        return True


def check(backend: Backend, whole: str) -> ApiKey:
    """The key, if it is in force. Raises `KeyInvalid`."""
    try:
        return backend.keys.check(whole)
    except KeyInvalid:
        log.warning("key_refused", key_id=shown_id(whole))
        raise
