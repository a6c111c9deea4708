"""What schemathesis must be told of this interface: NDJSON, addresses of callbacks, what no schema says of an article."""

import json
from typing import Any

import schemathesis
from hypothesis import strategies as st

#: Refusals of articles that no schema can foresee: by the language that a text seems to be in, and by whether the run has just
#: made a webhook secret or ended it.
UNFORESEEN = {"not_french", "webhook_secret_missing"}

NAMES = st.from_regex(r"[a-z][a-z0-9]{0,20}", fullmatch=True)

schemathesis.openapi.format(
    "uri", st.builds("https://{}.example.org/{}".format, NAMES, st.from_regex(r"[a-z0-9]{0,9}", fullmatch=True))
)


@schemathesis.serializer("application/x-ndjson")
def as_lines(context: schemathesis.SerializationContext, value: Any) -> bytes:
    lines = value if isinstance(value, list) else [value]
    return b"".join(json.dumps(line).encode() + b"\n" for line in lines)


@schemathesis.deserializer("application/x-ndjson")
def of_lines(context: schemathesis.DeserializationContext, response: schemathesis.Response) -> Any:
    return [json.loads(line) for line in response.content.splitlines() if line]


@schemathesis.check
def good_articles_are_accepted(
    context: schemathesis.CheckContext, response: schemathesis.Response, case: schemathesis.Case[Any]
) -> None:
    """In the place of `positive_data_acceptance`, which knows no codes of problems."""
    if case.operation.definition.raw.get("operationId") != "submitJob" or case.meta is None:
        return
    if not case.meta.generation.mode.is_positive or response.status_code in (202, 409, 410):
        return
    problem = response.json()
    # Which names of hosts there can be, no pattern says either.
    foreseen = problem["code"] not in UNFORESEEN and problem.get("pointer") != "/callback_url"
    assert not foreseen, f"a good article is refused: {problem['code']}, {problem['detail']}"
