"""The quota of a submission, and the `RateLimit` headers that tell of it (draft-ietf-httpapi-ratelimit-headers-10)."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress

from flask import Response, g

from service.backend import Backend
from service.contract.api_keys import ApiKey
from service.contract.errors import DepecheError, StoreUnavailable
from service.contract.quotas import WINDOW_S, Limits, Quota
from service.contract.request import JobRequest


@contextmanager
def spent(backend: Backend, request: JobRequest) -> Iterator[Callable[[], None]]:
    """Spends the quota of the caller's key on an article. What it yields gives it back, as does an error in the body.

    Raises what `QuotaStore.spend` raises. Callers without a key have no quota.
    """
    key: ApiKey | None = g.api_key
    limits = _limits(backend, key)
    if key is None or not limits:
        yield lambda: None
        return
    characters = len(request.text) + len(request.title or "")
    g.quotas = backend.quotas.spend(key.id, limits, characters=characters)

    def give_back() -> None:
        with suppress(StoreUnavailable):  # it is whole again within a minute anyhow
            g.quotas = backend.quotas.give_back(key.id, limits, characters=characters)

    try:
        yield give_back
    except StoreUnavailable:
        # Redis may be just what does not answer, and the caller has waited for it long enough.
        arguments = {"characters": characters}
        threading.Thread(target=_insist, args=(backend, key.id, limits), kwargs=arguments, daemon=True).start()
        raise
    except DepecheError:
        give_back()
        raise


def headers(backend: Backend, response: Response) -> Response:
    """Adds what is left to an answer to a submission. Callers without a quota get no headers."""
    key: ApiKey | None = g.get("api_key")
    limits = _limits(backend, key)
    if key is None or not limits:
        return response
    quotas: Sequence[Quota] = g.get("quotas", ())
    if not quotas:  # refused before it came to that
        with suppress(StoreUnavailable):
            quotas = backend.quotas.look(key.id, limits)
    if quotas:
        response.headers["RateLimit-Policy"] = ", ".join(f'"{one.name}";q={one.limit};w={WINDOW_S}' for one in quotas)
        response.headers["RateLimit"] = ", ".join(f'"{one.name}";r={one.left};t={one.whole_s}' for one in quotas)
    return response


def _limits(backend: Backend, key: ApiKey | None) -> Limits:
    return Limits() if key is None else key.limits.or_else(backend.default_limits)


def _insist(backend: Backend, key_id: str, limits: Limits, *, characters: int) -> None:
    with suppress(StoreUnavailable):
        backend.quotas.give_back(key_id, limits, characters=characters)
