"""The Python client of the HTTP interface."""

from service.client.blocking import ApiError, Client, ClientError, Unreachable, WaitTimeout
from service.client.event_stream import JobEvent
from service.client.views import BatchResult, JobView

__all__ = ["ApiError", "BatchResult", "Client", "ClientError", "JobEvent", "JobView", "Unreachable", "WaitTimeout"]
