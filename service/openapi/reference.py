"""The OpenAPI document as a page: plain HTML, without scripts, for people and for print."""

import json
import re
from collections import defaultdict
from importlib.resources import files
from typing import Any

from jinja2 import Environment
from markupsafe import Markup, escape

_FOLDER = files("service.page")

_REF = "#/components/schemas/"
_CODE = re.compile(r"`([^`]+)`")

#: What a schema may say of its values besides their type, and the words for it.
_LIMITS = {
    "minimum": "at least {}",
    "maximum": "at most {}",
    "minLength": "at least {:,} characters",
    "maxLength": "at most {:,} characters",
    "minItems": "at least {:,}",
    "maxItems": "at most {:,}",
    "maxProperties": "at most {:,}",
    "pattern": "matches {}",
    "format": "as {}",
    "default": "{} without it",
}


def render(document: dict[str, Any]) -> bytes:
    """The page of a document, in UTF-8."""
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.filters.update(prose=_prose, kind=_kind, limits=_limits, sample=_sample)
    template = environment.from_string((_FOLDER / "templates/reference.html").read_text(encoding="utf-8"))
    return template.render(document=document, tags=_by_tag(document)).encode()


def style() -> bytes:
    """The page's style sheet."""
    return (_FOLDER / "static/reference.css").read_bytes()


def _by_tag(document: dict[str, Any]) -> list[tuple[dict[str, str], list[dict[str, Any]]]]:
    """The operations, under their tags, with the path and the method among their members."""
    found: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            found[operation["tags"][0]].append({"path": path, "method": method.upper(), **operation})
    return [(tag, found[tag["name"]]) for tag in document["tags"]]


def _prose(text: str) -> Markup:
    """Text whose words in backticks are code, and whose blank lines part paragraphs."""
    return Markup("</p><p>").join(_line(part) for part in text.split("\n\n"))


def _line(text: str) -> Markup:
    parts = enumerate(_CODE.split(text))
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if place % 2 else escape(part) for place, part in parts
    )


def _kind(schema: dict[str, Any]) -> Markup:
    """What a schema's values are, in a few words, with links to the schemas that it names."""
    if "$ref" in schema:
        name = escape(schema["$ref"].removeprefix(_REF))
        return Markup('<a href="#{0}">{0}</a>').format(name)
    if "const" in schema or "enum" in schema:
        values = schema.get("enum", [schema.get("const")])
        return Markup(", ").join(Markup("<code>{}</code>").format(json.dumps(value)) for value in values)
    for several in ("anyOf", "oneOf"):
        if several in schema:
            return Markup(" or ").join(_kind(one) for one in schema[several])
    if "allOf" in schema:
        return _kind(schema["allOf"][0])
    if schema.get("type") == "array" and "items" in schema:
        return Markup("list of {}").format(_kind(schema["items"]))
    values = schema.get("additionalProperties") or next(iter(schema.get("patternProperties", {}).values()), None)
    if isinstance(values, dict) and "properties" not in schema:
        return Markup("object of {}").format(_kind(values))
    return escape(schema.get("type", "anything"))


def _limits(schema: dict[str, Any]) -> str:
    """What else a schema says of its values; of alternatives, what the first says."""
    first: dict[str, Any] = next(iter(schema.get("anyOf", ())), {})
    whole = {**{name: value for name, value in first.items() if name in _LIMITS}, **schema}
    told = [
        words.format(json.dumps(whole[name]) if name == "default" else whole[name])
        for name, words in _LIMITS.items()
        if whole.get(name) not in (None, "", [], {})
    ]
    return ", ".join(told)


def _sample(value: object) -> str:
    """An example as it is sent: text as it is, all else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=2)
