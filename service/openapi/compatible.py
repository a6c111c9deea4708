"""The operations of other services' interfaces, LibreTranslate's and DeepL's."""

from service.api import compatible, deepl, libretranslate
from service.contract.errors import Code
from service.openapi import errors
from service.openapi.operation import JSON, Answer, Body, Dialect, Keys, Media, Operation, Parameter

TAG = "For clients of LibreTranslate and DeepL"

FORM = "application/x-www-form-urlencoded"

LIBRETRANSLATE = Dialect(JSON, "LibreError", libretranslate.STATUSES)
DEEPL = Dialect(JSON, "DeepLError", deepl.STATUSES)

#: What a translation that is waited for can meet.
_OF_TRANSLATIONS = (
    Code.INVALID_REQUEST,
    Code.NUL_CHARACTER,
    Code.QUOTA_EXCEEDED,
    Code.QUEUE_FULL,
    Code.TRANSLATION_FAILED,
    Code.TRANSLATION_TIMEOUT,
)

_BILL = {"text": ["Il pleut."], "target_lang": "EN-US"}

OPERATIONS = {
    "libretranslate.translate": Operation(
        id="libreTranslate",
        tag=TAG,
        summary="Translate now, as LibreTranslate does",
        description="French to English. The answer waits for the translation, and nothing of it is kept. "
        "The key goes into `api_key`, or into a header: where keys are demanded and none is in a header, bodies have at most "
        f"{compatible.UNIDENTIFIED_BYTES} bytes.",
        body=Body(
            "The text, or in JSON a list of texts.",
            {
                JSON: Media("LibreRequest", {"one": {"q": "Il pleut.", "source": "fr", "target": "en"}}),
                FORM: Media("LibreFormRequest", {"one": {"q": "Il pleut.", "source": "fr", "target": "en"}}),
            },
        ),
        answers={
            200: Answer("The translation.", {JSON: Media("LibreTranslation", {"one": {"translatedText": "It rains."}})})
        },
        errors=(*errors.OF_BODIES, *_OF_TRANSLATIONS, Code.STORE_UNAVAILABLE),
        keys=Keys.LIBRETRANSLATE,
        dialect=LIBRETRANSLATE,
    ),
    "libretranslate.detect": Operation(
        id="libreDetect",
        tag=TAG,
        summary="Detect a language, as LibreTranslate does",
        body=Body(
            "The text.",
            {
                JSON: Media("LibreDetectRequest", {"one": {"q": "Il pleut sur Brest."}}),
                FORM: Media("LibreDetectRequest", {"one": {"q": "Il pleut sur Brest."}}),
            },
        ),
        answers={
            200: Answer(
                "The language.",
                {
                    JSON: Media(
                        {"type": "array", "items": {"$ref": "#/components/schemas/Detected"}},
                        {"french": [{"language": "fr", "confidence": 98.7}]},
                    )
                },
            )
        },
        errors=(*errors.OF_BODIES, Code.INVALID_REQUEST),
        keys=Keys.LIBRETRANSLATE,
        dialect=LIBRETRANSLATE,
    ),
    "libretranslate.languages": Operation(
        id="libreLanguages",
        tag=TAG,
        summary="List languages, as LibreTranslate does",
        answers={
            200: Answer(
                "The languages.",
                {JSON: Media({"type": "array", "items": {"$ref": "#/components/schemas/LibreLanguage"}})},
            )
        },
        keys=Keys.NONE,
        dialect=LIBRETRANSLATE,
    ),
    "deepl.translate": Operation(
        id="deeplTranslate",
        tag=TAG,
        summary="Translate now, as DeepL does",
        description="French to English. The answer waits for the translations, and nothing of them is kept.",
        body=Body(
            "The texts.",
            {JSON: Media("DeepLRequest", {"one": _BILL}), FORM: Media("DeepLRequest", {"one": _BILL})},
        ),
        answers={200: Answer("The translations.", {JSON: Media("DeepLTranslations")})},
        errors=(*errors.OF_BODIES, *_OF_TRANSLATIONS, Code.STORE_UNAVAILABLE),
        keys=Keys.DEEPL,
        dialect=DEEPL,
    ),
    "deepl.usage": Operation(
        id="deeplUsage",
        tag=TAG,
        summary="Count the characters of this month, as DeepL does",
        answers={200: Answer("The count.", {JSON: Media("DeepLUsage")})},
        errors=(Code.STORE_UNAVAILABLE,),
        keys=Keys.DEEPL,
        dialect=DEEPL,
    ),
    "deepl.languages": Operation(
        id="deeplLanguages",
        tag=TAG,
        summary="List languages, as DeepL does",
        parameters=(
            Parameter(
                "type",
                "query",
                "Which languages; `source` without it.",
                {"type": "string", "enum": ["source", "target"]},
            ),
        ),
        answers={
            200: Answer(
                "The languages.",
                {JSON: Media({"type": "array", "items": {"$ref": "#/components/schemas/DeepLLanguage"}})},
            )
        },
        errors=(*errors.OF_BODIES, Code.INVALID_REQUEST),
        keys=Keys.DEEPL,
        dialect=DEEPL,
    ),
}
