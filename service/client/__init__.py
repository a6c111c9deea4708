"""A typed client of the HTTP interface. Retries what passes by itself, and never submits an article twice."""

from service.client.asynchronous import AsyncClient
from service.client.blocking import Client
from service.client.calls import ArticleOptions, article
from service.client.errors import ApiError, ClientError, Unreachable, WaitTimeout
from service.client.event_stream import JobEvent
from service.client.views import BatchResult, JobView

__all__ = [
    "ApiError",
    "ArticleOptions",
    "AsyncClient",
    "BatchResult",
    "Client",
    "ClientError",
    "JobEvent",
    "JobView",
    "Unreachable",
    "WaitTimeout",
    "article",
]
