"""What requests work with: the store, the keys and quotas, the queue and the waits of one process."""

import os
from dataclasses import dataclass

from service.contract.api_keys import KeyStore
from service.contract.batches import BatchStore
from service.contract.connection import connect
from service.contract.deliveries import DeliveryStore
from service.contract.metrics import MetricsStore
from service.contract.quotas import Limits, QuotaStore
from service.contract.store import JobStore
from service.contract.webhook_secrets import WebhookSecretStore
from service.listeners import ListenerHub
from service.publisher import Publisher
from service.settings import Settings
from service.waits import WaitHub

#: Connections to Redis that requests of one process share.
_CONNECTIONS = 32

#: Connections of admissions, each of which may hold one for as long as the disk takes.
_ADMISSIONS = 128


@dataclass(frozen=True, slots=True)
class Backend:
    """One for each process. Opens no connection before the first request."""

    settings: Settings
    store: JobStore
    keys: KeyStore
    quotas: QuotaStore
    publisher: Publisher
    waits: WaitHub
    listeners: ListenerHub
    batches: BatchStore
    deliveries: DeliveryStore
    webhook_secrets: WebhookSecretStore
    metrics: MetricsStore

    @classmethod
    def open(cls, settings: Settings) -> "Backend":
        """Raises ValueError for a Redis address that can't be read."""
        url, name = settings.redis_url.get_secret_value(), f"depeche-web-{os.getpid()}"
        redis = connect(url, timeout_s=settings.redis_timeout_s, name=name, max_connections=_CONNECTIONS)
        store = JobStore(
            redis,
            prefix=settings.key_prefix,
            retention_s=settings.retention_s,
            queue_limit=settings.queue_limit,
            admissions=connect(
                url, timeout_s=settings.redis_timeout_s, name=f"{name}-admissions", max_connections=_ADMISSIONS
            ),
        )
        waits = WaitHub(
            lambda: connect(url, timeout_s=settings.redis_timeout_s, name=f"{name}-waits"),
            store.keys.ended,
            store.states,
        )
        listeners = ListenerHub(store.look)
        batches = BatchStore(store, retention_s=settings.retention_s)
        keys = KeyStore(redis, prefix=settings.key_prefix)
        quotas = QuotaStore(redis, prefix=settings.key_prefix)
        deliveries = DeliveryStore(redis, prefix=settings.key_prefix, retention_s=settings.retention_s)
        secrets = WebhookSecretStore(redis, prefix=settings.key_prefix)
        return cls(
            settings,
            store,
            keys,
            quotas,
            Publisher(settings),
            waits,
            listeners,
            batches,
            deliveries,
            secrets,
            MetricsStore(redis, prefix=settings.key_prefix, retention_s=settings.retention_s),
        )

    @property
    def default_limits(self) -> Limits:
        """The quotas of a key that has none of its own."""
        return Limits(self.settings.jobs_per_minute, self.settings.characters_per_minute)

    def close(self) -> None:
        """Wakes those who wait and closes the connections."""
        self.waits.close()
        self.listeners.close()
        self.publisher.close()
        self.store.close()
