"""Holds answers against the OpenAPI document: their statuses, media types, headers and bodies."""

import json
import re
from typing import Any

import httpx2
from jsonschema_rs import Draft202012Validator

PROBLEM = "application/problem+json"


class Described:
    """A document, and what it says of answers."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document
        self._paths = {
            re.compile(
                re.sub(r"\{\w+\}", "[^/]+", re.escape(path).replace(r"\{", "{").replace(r"\}", "}")) + r"\Z"
            ): path
            for path in document["paths"]
        }

    def complaints(self, media_type: str, schema: dict[str, Any], value: Any) -> list[str]:
        """What is wrong with a body. Streams are held against the schema line by line, or event by event."""
        if media_type == "application/x-ndjson" and isinstance(value, str):
            value = [json.loads(line) for line in value.split("\n") if line]
        if media_type == "text/event-stream":
            return [fault for event in _events(value) for fault in self._event_complaints(schema, event)]
        return self._faults(schema, value)

    def check(self, answer: httpx2.Response) -> None:
        """Asserts that an answer, which was read to its end, is as the document says."""
        request = answer.request
        operation = self._operation(request.url.path, request.method)
        if operation is None:
            assert answer.status_code in (404, 405), "an address that is not in the document"
            return
        status = str(answer.status_code)
        assert status in operation["responses"], (
            f"{request.method} {request.url.path} gave {status}: {answer.text[:200]}"
        )
        described = operation["responses"][status]
        for name, header in described.get("headers", {}).items():
            assert name in answer.headers or not header["required"], f"{status} without {name}"
            if name in answer.headers and header["schema"].get("type") == "integer":
                assert self._faults(header["schema"], int(answer.headers[name])) == []
        if request.method == "HEAD" or not answer.content:
            return
        media_type = answer.headers["Content-Type"].partition(";")[0]
        assert media_type in described.get("content", {}), f"{status} as {media_type}"
        value = answer.json() if media_type in ("application/json", PROBLEM) else answer.text
        faults = self.complaints(media_type, described["content"][media_type]["schema"], value)
        assert faults == [], f"{request.method} {request.url.path} {status}"

    def _operation(self, path: str, method: str) -> dict[str, Any] | None:
        for pattern, template in self._paths.items():
            if pattern.match(path):
                operation: dict[str, Any] | None = self.document["paths"][template].get(
                    method.lower().replace("head", "get")
                )
                return operation
        return None

    def _event_complaints(self, schema: dict[str, Any], event: dict[str, Any]) -> list[str]:
        faults = self._faults(schema, event)
        if "data" in event:
            [data] = [
                one["properties"]["data"]["contentSchema"]
                for one in schema["oneOf"]
                if one["properties"]["event"]["const"] == event["event"]
            ]
            faults += self._faults(data, json.loads(event["data"]))
        return faults

    def _faults(self, schema: dict[str, Any], value: Any) -> list[str]:
        whole = {**schema, "components": self.document["components"]}
        return [
            f"{error.instance_path}: {error.message[:300]}" for error in Draft202012Validator(whole).iter_errors(value)
        ]


def _events(stream: str) -> list[dict[str, Any]]:
    """The events of a stream that have data, by their fields."""
    blocks = [block for block in stream.split("\n\n") if block and not block.startswith((":", "retry:"))]
    return [dict(line.split(": ", 1) for line in block.split("\n")) for block in blocks]
