"""The Flask application: wires the backend, the guards and the routes together."""

from pathlib import Path

from flask import Flask

from service.api import (
    access_log,
    auth,
    batches,
    deepl,
    docs,
    events,
    guards,
    health,
    jobs,
    libretranslate,
    metrics,
    problems,
    webhooks,
)
from service.backend import Backend
from service.metrics.requests import RequestMetrics
from service.page import routes as page
from service.settings import Settings


def create_app(settings: Settings, counts: Path | None = None) -> Flask:
    """An application for one process. It opens no connection and starts no thread before the first request.

    `counts` is the folder in which several processes count their requests together; see `RequestMetrics`.

    Its `extensions["depeche"]` is the `Backend`. Raises ValueError for a Redis address that can't be read.
    """
    app = Flask(__name__, static_folder=None, template_folder=None)
    app.url_map.strict_slashes = False
    app.url_map.merge_slashes = False
    backend = Backend.open(settings)
    app.extensions["depeche"] = backend
    requests = RequestMetrics(counts)
    access_log.register(app, requests)
    guards.register(app, settings)
    auth.register(app, backend)
    problems.register(app)
    app.register_blueprint(jobs.make_blueprint(backend))
    app.register_blueprint(events.make_blueprint(backend))
    app.register_blueprint(webhooks.make_blueprint(backend))
    app.register_blueprint(batches.make_blueprint(backend))
    app.register_blueprint(libretranslate.make_blueprint(backend))
    app.register_blueprint(deepl.make_blueprint(backend))
    app.register_blueprint(docs.make_blueprint(backend))
    app.register_blueprint(health.make_blueprint(backend))
    app.register_blueprint(metrics.make_blueprint(backend, requests))
    app.register_blueprint(page.make_blueprint())
    return app
