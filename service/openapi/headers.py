"""Headers and parameters that more than one operation has."""

from service.openapi.operation import Header, Parameter

ETAG = Header("ETag", "Names this version. Give it in `If-None-Match`.", always=True)

LOCATION = Header(
    "Location", "The address of what was made.", {"type": "string", "format": "uri-reference"}, always=True
)

RETRY_AFTER = Header("Retry-After", "Seconds after which it is worth asking again.", {"type": "integer", "minimum": 1})

REPLAYED = Header(
    "Idempotent-Replayed",
    "`true` where the Idempotency-Key has led to it before.",
    {"type": "string", "enum": ["true"]},
)

RATE_LIMIT = (
    Header(
        "RateLimit-Policy",
        'The quotas of the API key, where it has any: `q` units in `w` seconds, as in `"jobs";q=60;w=60`.',
    ),
    Header("RateLimit", 'What is left of them: `r` units, all of them back in `t` seconds, as in `"jobs";r=59;t=1`.'),
)

CHALLENGE = Header("WWW-Authenticate", "`Bearer`, as RFC 6750 has it.", always=True)

VARY = Header("Vary", "`Accept`: caches keep the media types apart.", always=True)

IDEMPOTENCY_KEY = Parameter(
    "Idempotency-Key",
    "header",
    "1 to 255 visible ASCII characters, such as a random UUID. For 24 hours the same key and body give the same answer "
    "instead of a second job, the same key with another body 409.",
    {"type": "string", "pattern": "^[!-~]{1,255}$"},
    "order-4711",
)

IF_NONE_MATCH = Parameter(
    "If-None-Match", "header", "The `ETag` of the last answer: 304 where nothing has changed.", {"type": "string"}
)
