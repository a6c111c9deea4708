"""The Celery app that both halves make from the same settings. It carries wake-ups: ids of jobs, never text or results."""

from typing import Any

from celery import Celery
from kombu.entity import Queue

from service.contract.connection import broker_url
from service.contract.keys import TASK_NAME
from service.contract.lines import AGAIN, LINES
from service.contract.settings import SharedSettings


def make_celery(settings: SharedSettings, *, socket_timeout_s: float, concurrency: int = 1) -> Celery:
    """An app without a result backend. `socket_timeout_s` bounds each command on the broker's connections.

    Late acknowledgement: a message stays with Redis until its job has ended or was given back. The visibility timeout is above
    the job's deadline, since Celery would deliver a message again whose job is still being worked on.
    """
    app = Celery("depeche", set_as_current=False)
    app.conf.update(_configuration(settings, socket_timeout_s, concurrency))
    return app


def publish(app: Celery, job_id: str, line: str) -> None:
    """Queues the wake-up for a job in a line of `lines.py`.

    Raises kombu's OperationalError where the broker can't be written; never retries.
    """
    app.send_task(TASK_NAME, args=[job_id], task_id=job_id, queue=line, retry=False, ignore_result=True)


def _configuration(settings: SharedSettings, socket_timeout_s: float, concurrency: int) -> dict[str, Any]:
    return {
        "broker_url": broker_url(settings.redis_url.get_secret_value()),
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,
        "broker_transport_options": {
            "global_keyprefix": settings.key_prefix,
            "visibility_timeout": settings.visibility_timeout_s,
            "unacked_restore_interval": 10,
            "unacked_restore_throttle": 1,
            "socket_timeout": socket_timeout_s,
            "socket_connect_timeout": socket_timeout_s,
            "socket_keepalive": True,
            "health_check_interval": 25,
            "priority_steps": [0],
            "queue_order_strategy": "round_robin",
            "max_retries": 0,
        },
        "task_default_queue": LINES[0],
        "task_queues": [Queue(name) for name in (*LINES, AGAIN)],  # type: ignore[no-untyped-call]  # no hints
        "task_create_missing_queues": False,
        "task_acks_late": True,
        "task_reject_on_worker_lost": True,
        "task_ignore_result": True,
        "task_serializer": "json",
        "accept_content": ["json"],
        "result_backend": None,
        "worker_pool": "threads",
        "worker_concurrency": concurrency,
        "worker_prefetch_multiplier": 1,
        "worker_cancel_long_running_tasks_on_connection_loss": False,
        "worker_send_task_events": False,
        "worker_hijack_root_logger": False,
        "worker_redirect_stdouts": False,
        "worker_enable_remote_control": False,
        "enable_utc": True,
    }
