"""The quota of a submission, and the `RateLimit` headers that tell of it (draft-ietf-httpapi-ratelimit-headers-10)."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

from flask import Response, g

from service.backend import Backend
from service.contract.api_keys import ApiKey
from service.contract.errors import DepecheError, StoreUnavailable
from service.contract.quotas import WINDOW_S, Limits, Quota
from service.contract.request import JobRequest


class Spending:
    """What an article has cost a key, and what is `left` of its quotas: nothing for callers without any."""

    def __init__(self, backend: Backend, key: ApiKey | None, request: JobRequest) -> None:
        self.left: Sequence[Quota] = ()
        self._backend = backend
        self._limits = _limits(backend, key)
        self._key_id = key.id if key is not None and self._limits else None
        self._characters = len(request.text) + len(request.title or "")

    def spend(self) -> None:
        """Raises what `QuotaStore.spend` raises."""
        if self._key_id is not None:
            self.left = self._backend.quotas.spend(self._key_id, self._limits, characters=self._characters)

    def give_back(self) -> None:
        """Undoes it, as far as Redis answers: a quota is whole again within a minute anyhow."""
        if self._key_id is not None:
            with suppress(StoreUnavailable):
                self.left = self._backend.quotas.give_back(self._key_id, self._limits, characters=self._characters)


@contextmanager
def spent(backend: Backend, key: ApiKey | None, request: JobRequest) -> Iterator[Spending]:
    """Spends the quota of a key on an article; an error in the body gives it back.

    Raises what `QuotaStore.spend` raises. Callers without a key have no quota.
    """
    spending = Spending(backend, key, request)
    spending.spend()
    try:
        yield spending
    except StoreUnavailable:
        # Redis may be just what does not answer, and the caller has waited for it long enough.
        threading.Thread(target=spending.give_back, daemon=True).start()
        raise
    except DepecheError:
        spending.give_back()
        raise


def headers(backend: Backend, response: Response) -> Response:
    """Adds what is left to an answer to a submission. Callers without a quota get no headers."""
    key: ApiKey | None = g.get("api_key")
    limits = _limits(backend, key)
    if key is None or not limits:
        return response
    spending: Spending | None = g.get("spending")
    quotas = spending.left if spending is not None else ()
    if not quotas:  # refused before it came to that
        with suppress(StoreUnavailable):
            quotas = backend.quotas.look(key.id, limits)
    if quotas:
        response.headers["RateLimit-Policy"] = ", ".join(f'"{one.name}";q={one.limit};w={WINDOW_S}' for one in quotas)
        response.headers["RateLimit"] = ", ".join(f'"{one.name}";r={one.left};t={one.whole_s}' for one in quotas)
    return response


def _limits(backend: Backend, key: ApiKey | None) -> Limits:
    return Limits() if key is None else key.limits.or_else(backend.default_limits)
