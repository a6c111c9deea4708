"""Webhooks: the secret that signs them, and telling a job's end once more."""

import json

from flask import Blueprint, Response, g, request

from service.api.auth import client
from service.api.parameters import refuse_unknown
from service.backend import Backend
from service.contract.errors import JobNotFound
from service.contract.times import timestamp
from service.contract.webhook_secrets import WebhookSecret


def make_blueprint(backend: Backend) -> Blueprint:
    """The routes /v1/webhook-secret and /v1/jobs/{id}/callback."""
    blueprint = Blueprint("webhooks", __name__, url_prefix="/v1")
    secrets = backend.webhook_secrets

    @blueprint.post("/webhook-secret")
    def rotate() -> Response:
        """Makes the caller's secret, or another in its place, and shows it this once."""
        refuse_unknown(request)
        with backend.store.admission() as connection:
            made, secret = secrets.rotate(client(), on=connection)
            backend.store.durability.confirm(connection)
        return _json({"secret": secret, **_view(made)}, status=201)

    @blueprint.get("/webhook-secret")
    def show() -> Response:
        refuse_unknown(request)
        return _json(_view(secrets.get(client())))

    @blueprint.delete("/webhook-secret")
    def remove() -> Response:
        refuse_unknown(request)
        secrets.remove(client())
        response = Response(status=204)
        del response.headers["Content-Type"]
        return response

    @blueprint.post("/jobs/<job_id>/callback")
    def redeliver(job_id: str) -> Response:
        """Has the end of a job told now, whatever became of telling it before."""
        refuse_unknown(request)
        job = backend.store.get(job_id, client=client(), result=False)
        if job.client != client():
            raise JobNotFound
        g.job_id = job.id
        with backend.store.admission() as connection:
            backend.deliveries.redeliver(job_id, client=client(), on=connection)
            backend.store.durability.confirm(connection)
        job = backend.store.get(job_id, client=client(), result=False)
        response = Response(job.to_json(), status=202, mimetype="application/json")
        response.headers["Location"] = f"/v1/jobs/{job.id}"
        return response

    return blueprint


def _view(secret: WebhookSecret) -> dict[str, object]:
    return {
        "created_at": timestamp(secret.created_ms),
        "rotated_at": timestamp(secret.rotated_ms),
        "old_until": timestamp(secret.old_until_ms),
    }


def _json(body: dict[str, object], status: int = 200) -> Response:
    return Response(json.dumps(body), status=status, mimetype="application/json")
