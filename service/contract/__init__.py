"""The one place that both halves read: states, records, errors, keys, the job store and the Celery app factory."""
