"""Samples that the document shows: an article, its job on the way and at its end, a batch."""

import json
from typing import Any

ARTICLE = "Le conseil a voté le budget."
TRANSLATION = "The council voted the budget."
TABLE = f"paragraph\tsegment\tfrench\tenglish\tflags\n0\t0\t{ARTICLE}\t{TRANSLATION}\t\n"

OPTIONS = {
    "text": ARTICLE,
    "title": "Un budget voté",
    "summary": {"mode": "extractive", "max_words": 60},
    "glossary": {"comité": "works council", "hausse": {"translation": "rise", "inflect": True}},
    "metadata": {"desk": "politics"},
}

QUEUED: dict[str, Any] = {
    "id": "06h0mdg1uteo7rlaep90u3ddcd4aiq0m",
    "state": "queued",
    "stage": None,
    "progress": {"done": 0, "total": 0},
    "attempts": 0,
    "history": [],
    "created_at": "2026-11-24T01:40:18.552Z",
    "started_at": None,
    "ended_at": None,
    "expires_at": None,
    "eta_at": None,
    "error": None,
    "metadata": {"desk": "politics"},
    "callback": None,
    "result": None,
}

_SEGMENT = {"source": ARTICLE, "target": TRANSLATION, "flags": []}

SUCCEEDED: dict[str, Any] = {
    **QUEUED,
    "state": "succeeded",
    "progress": {"done": 2, "total": 2},
    "attempts": 1,
    "started_at": "2026-11-24T01:40:18.561Z",
    "ended_at": "2026-11-24T01:40:19.004Z",
    "expires_at": "2026-11-25T01:40:19.004Z",
    "result": {
        "translation": {
            "title": None,
            "text": TRANSLATION,
            "paragraphs": [{"source": ARTICLE, "target": TRANSLATION, "segments": [_SEGMENT]}],
        },
        "summary": {
            "mode": "extractive",
            "method": "encoder-centrality",
            "text": TRANSLATION,
            "sentences": [{"text": TRANSLATION, "evidence": [[0, 0]], "support": 1.0, "flags": [], "unsupported": []}],
            "coverage": {"segments_read": 1, "segments_total": 1, "chunks": 0, "rounds": 0, "reduced": True},
        },
        "coverage": {
            "segments_in": 1,
            "segments_out": 1,
            "characters_in": len(ARTICLE),
            "truncated": False,
            "segments_repaired": 0,
        },
        "warnings": [],
        "models": {"translator": {"id": "depeche/fr-en", "revision": "1"}, "summarizer": None},
        "timings": {"queued_s": 0.01, "translate_s": 0.4, "summarize_s": 0.03},
        "terms": [],
        "format": "text",
    },
}

_ERROR = {
    "status": 422,
    "code": "empty_text",
    "detail": "text is empty or blank. Send the article's text in it.",
    "pointer": "/text",
}

BATCH: dict[str, Any] = {
    "id": "b06h0mdg1uteo7rlaep90u3ddcd4aiq0m",
    "created_at": "2026-11-24T01:40:18.552Z",
    "metadata": None,
    "counts": {"queued": 1, "running": 0, "succeeded": 0, "failed": 0, "cancelled": 0, "refused": 1, "gone": 0},
    "items": [
        {"index": 0, "id": QUEUED["id"], "state": "queued", "error": None},
        {"index": 1, "id": None, "state": "refused", "error": _ERROR},
    ],
}

RESULT_LINES = "".join(
    json.dumps(line, ensure_ascii=False) + "\n"
    for line in ({"index": 1, "job": None, "error": _ERROR}, {"index": 0, "job": SUCCEEDED, "error": None})
)

EVENTS = (
    'event: state\ndata: {"state": "running", "stage": "translating", "attempts": 1}\n\n'
    f"id: 1\nevent: segment\ndata: {json.dumps({'paragraph': 0, 'segment': 0, **_SEGMENT}, ensure_ascii=False)}\n\n"
    'event: done\ndata: {"state": "succeeded", "error": null}\n\n'
)
