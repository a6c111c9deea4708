"""The words in which an operation is described: parameters, bodies, answers, and the errors that it can give."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from service.contract.errors import Code

#: A JSON schema, or the name of one of the document's own.
Schema = dict[str, Any] | str

JSON, PROBLEM = "application/json", "application/problem+json"

STRING: dict[str, Any] = {"type": "string"}


@dataclass(frozen=True, slots=True)
class Header:
    """A header of an answer. `always` where no answer of that status comes without it."""

    name: str
    description: str
    schema: Schema = field(default_factory=STRING.copy)
    always: bool = False


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a request. `place` is query, header or path."""

    name: str
    place: str
    description: str
    schema: Schema
    example: object = None


@dataclass(frozen=True, slots=True)
class Media:
    """A body of some media type, with examples by their names."""

    schema: Schema
    examples: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Body:
    """The body of a request by media type."""

    description: str
    content: Mapping[str, Media]
    required: bool = True


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer that is no error. `links` name the operations that its id can be given to."""

    description: str
    content: Mapping[str, Media] = field(default_factory=dict)
    headers: tuple[Header, ...] = ()
    links: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


class Keys(Enum):
    """How a caller says who it is, and whether it must where keys are demanded."""

    NONE = "none"  # nobody looks
    OPTIONAL = "optional"  # strangers are told less
    OWN = "own"  # X-API-Key, or a Bearer token
    LIBRETRANSLATE = "libretranslate"  # as one's own, or in the body, for which OpenAPI's security schemes have no word
    DEEPL = "deepl"  # Authorization: DeepL-Auth-Key


@dataclass(frozen=True, slots=True)
class Dialect:
    """How errors are told: problems, or another service's way with statuses of its own."""

    media_type: str
    schema: str
    statuses: Mapping[int, int] = field(default_factory=dict)

    def status(self, code: Code) -> int:
        """The HTTP status that a code has here."""
        return self.statuses.get(code.value.status, code.value.status)


PROBLEMS = Dialect(PROBLEM, "Problem")


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One method of one route. `errors` are its own; those that every request can meet are added (`errors.py`).

    `problems` name the schemas of problems that have more members, by status.
    """

    id: str
    tag: str
    summary: str
    description: str = ""
    parameters: tuple[Parameter, ...] = ()
    body: Body | None = None
    answers: Mapping[int, Answer]
    errors: tuple[Code, ...] = ()
    keys: Keys = Keys.OWN
    dialect: Dialect = PROBLEMS
    problems: Mapping[int, str] = field(default_factory=dict)
