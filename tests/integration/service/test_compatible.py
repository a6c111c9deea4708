"""The interfaces of LibreTranslate and DeepL, by their own published clients; the test plays the worker."""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.error import HTTPError

import deepl
import httpx2
import pytest
from libretranslatepy import LibreTranslateAPI

from service.api.compatible import UNIDENTIFIED_BYTES
from service.contract.api_keys import KeyStore
from service.contract.request import JobRequest
from tests.integration.service.front_end import FrontEnd, sample_result
from tests.ledger import WholeLedger
from tests.redis_server import RedisServer


@contextmanager
def worker(store: WholeLedger, *, fails: bool = False) -> Iterator[list[JobRequest]]:
    """Ends each job that comes, with its text in capitals; gives what was asked for."""
    stop, asked = threading.Event(), list[JobRequest]()

    def run() -> None:
        while not stop.wait(0.02):
            for raw in store.redis.zrange(store.keys.queued, 0, -1):
                claim = store.claim(str(raw, "ascii"), worker="w", lease_s=15)  # type: ignore[arg-type]
                if claim is None:
                    continue
                asked.append(claim.request)
                if fails:
                    store.fail(claim, "model_failed", "The model failed.")
                else:
                    store.succeed(claim, sample_result(target=claim.request.text.upper()), segments=1)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield asked
    finally:
        stop.set()
        thread.join()


def left_over(store: WholeLedger) -> int:
    return len(store.redis.keys(store.keys.job("*")))


def test_a_key_of_another_service_is_as_good_as_none_where_none_is_needed(
    front_end: FrontEnd, store: WholeLedger
) -> None:
    revoked = "depeche_" + "0" * 8 + "_" + "0" * 52
    with worker(store):
        client = deepl.DeepLClient("279a2e9d-83b3-c416-7e2d-f721593e42a0:fx", server_url=front_end.url)
        assert str(client.translate_text("Il pleut.", target_lang="EN-US")) == "IL PLEUT."
        with pytest.raises(deepl.AuthorizationException):
            deepl.DeepLClient(revoked, server_url=front_end.url).translate_text("Il pleut.", target_lang="EN-US")


def test_libretranslates_client(front_end: FrontEnd, store: WholeLedger) -> None:
    client = LibreTranslateAPI(front_end.url)
    with worker(store) as asked:
        assert client.translate("Il pleut.", "fr", "en") == "IL PLEUT."
        assert client.translate("Il pleut.", "auto", "en") == "IL PLEUT."
    assert [language["code"] for language in client.languages()] == ["fr", "en"]
    text = "Le conseil municipal a voté mardi soir la fermeture de la piscine."
    assert client.detect(text)[0]["language"] == "fr"
    assert client.detect(text)[0]["confidence"] > 80
    assert (asked[0].format, asked[0].force, asked[0].summary.mode) == ("text", True, "none")
    assert left_over(store) == 0
    with pytest.raises(HTTPError, match="400"):
        client.translate("Il pleut.", "fr", "es")


def test_libretranslates_json(http: httpx2.Client, store: WholeLedger) -> None:
    body = {"q": ["<p>un</p>", " ", "<p>deux</p>"], "source": "auto", "target": "en", "format": "html"}
    with worker(store) as asked:
        answer = http.post("/translate", json=body).json()
    assert answer["translatedText"] == ["<P>UN</P>", " ", "<P>DEUX</P>"]
    assert len(answer["detectedLanguage"]) == 3
    assert {request.format for request in asked} == {"html"}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"q": 7, "source": "fr", "target": "en"}, 400),
        ({"q": [], "source": "fr", "target": "en"}, 400),
        ({"q": ["a"] * 51, "source": "fr", "target": "en"}, 400),
        ({"q": "a", "source": "de", "target": "en"}, 400),
        ({"q": "a", "source": "fr", "target": "en", "format": "pdf"}, 400),
        ({"q": "a\0", "source": "fr", "target": "en"}, 400),
        ({"q": "a", "source": ["fr"], "target": "en"}, 400),
        ({"q": "a", "source": "\ud800", "target": "en"}, 400),
        ({"q": "a", "source": "fr", "target": "e" * 100_000}, 400),
        ([1], 400),
    ],
)
def test_libretranslates_errors(http: httpx2.Client, body: object, status: int) -> None:
    answer = http.post("/translate", content=json.dumps(body), headers={"Content-Type": "application/json"})
    assert answer.status_code == status
    assert list(answer.json()) == ["error"]
    assert len(answer.content) < 300


@pytest.mark.parametrize(
    ("method", "path", "form"),
    [
        ("POST", "/detect", {}),
        ("POST", "/translate", {"q": ["Un.", "Deux."], "source": "fr", "target": "en"}),
        ("POST", "/v2/translate", {"text": "Un.", "target_lang": "EN-US", "tag_handling": "xml"}),
        ("GET", "/v2/languages?type=glossary", None),
    ],
)
def test_nothing_is_ignored_that_would_change_the_answer(
    http: httpx2.Client, method: str, path: str, form: dict[str, str | list[str]] | None
) -> None:
    assert http.request(method, path, data=form).status_code == 400


def test_a_job_that_fails_is_an_error(http: httpx2.Client, store: WholeLedger) -> None:
    with worker(store, fails=True):
        answer = http.post("/translate", json={"q": "Un.", "source": "fr", "target": "en"})
    assert (answer.status_code, answer.json()) == (500, {"error": "The model failed."})
    assert left_over(store) == 0


def test_who_waits_too_long_is_told_so_and_leaves_nothing(redis_server: RedisServer, store: WholeLedger) -> None:
    with FrontEnd(redis_server.url, wait_limit_s="0.3") as front_end, front_end.client() as http:
        answer = http.post("/translate", json={"q": "Un.", "source": "fr", "target": "en"})
        assert answer.status_code == 504
        assert "POST /v1/jobs" in answer.json()["error"]
        other = http.post("/v2/translate", json={"text": ["Un."], "target_lang": "EN-US"})
        assert (other.status_code, list(other.json())) == (504, ["message"])
    assert left_over(store) == 0


def test_deepls_client(redis_server: RedisServer, store: WholeLedger) -> None:
    key = KeyStore(store.redis, prefix="depeche:").create("press")[1]
    with FrontEnd(redis_server.url, require_keys="1") as front_end, worker(store) as asked:
        client = deepl.DeepLClient(key, server_url=front_end.url)
        one = client.translate_text("Il pleut.", source_lang="FR", target_lang="EN-US")
        assert isinstance(one, deepl.TextResult)
        assert (one.text, one.detected_source_lang) == ("IL PLEUT.", "FR")
        several = client.translate_text(["Un.", "Deux."], target_lang="EN-GB", tag_handling="html")
        assert isinstance(several, list)
        assert [item.text for item in several] == ["UN.", "DEUX."]
        usage = client.get_usage()
        assert usage.character.count == len("Il pleut.") + len("Un.") + len("Deux.")
        assert [language.code for language in client.get_source_languages()] == ["FR"]
        assert {language.code for language in client.get_target_languages()} == {"EN-GB", "EN-US"}
        with pytest.raises(deepl.DeepLException, match="Only FR to EN"):
            client.translate_text("x", source_lang="FR", target_lang="DE")
        stranger = deepl.DeepLClient("depeche_wrong", server_url=front_end.url)
        with pytest.raises(deepl.AuthorizationException):
            stranger.translate_text("x", source_lang="FR", target_lang="EN-US")
        with front_end.client() as http:
            refused = http.post("/translate", json={"q": "x", "source": "fr", "target": "en"})
            assert (refused.status_code, list(refused.json())) == (403, ["error"])
            allowed = http.post("/translate", json={"q": "Un.", "source": "fr", "target": "en", "api_key": key})
            assert allowed.json() == {"translatedText": "UN."}
    assert [request.format for request in asked] == ["text", "html", "html", "text"]
    assert left_over(store) == 0


def test_other_bodies_are_refused(http: httpx2.Client) -> None:
    answer = http.post("/translate", content=b"q=1", headers={"Content-Type": "text/plain"})
    assert (answer.status_code, list(answer.json())) == (415, ["error"])
    broken = http.post("/v2/translate", content=b"{", headers={"Content-Type": "application/json"})
    assert (broken.status_code, list(broken.json())) == (400, ["message"])
    assert json.loads(broken.text)["message"].startswith("The body can't be read as JSON")


@pytest.mark.parametrize(("path", "field"), [("/translate", "q"), ("/detect", "q"), ("/v2/translate", "text")])
def test_a_form_that_is_not_utf_8_is_refused(http: httpx2.Client, path: str, field: str) -> None:
    form = f"{field}=%E9t%E9&source=fr&target=en&target_lang=EN-US"
    answer = http.post(path, content=form, headers={"Content-Type": "application/x-www-form-urlencoded"})
    assert answer.status_code == 400
    assert "UTF-8" in answer.text


@pytest.fixture(scope="module")
def guarded(session_redis: RedisServer) -> Iterator[FrontEnd]:
    """A front end that demands keys."""
    with FrontEnd(session_redis.url, require_keys="1") as front_end:
        yield front_end


WRONG = "depeche_" + "0" * 8 + "_" + "0" * 52


@pytest.mark.parametrize(
    ("path", "header", "status"),
    [
        ("/v2/translate", f"Authorization: DeepL-Auth-Key {WRONG}", 403),
        ("/v2/languages", f"Authorization: DeepL-Auth-Key {WRONG}", 403),
        ("/v2/languages", "Accept: */*", 403),
        ("/translate", f"X-API-Key: {WRONG}", 403),
        ("/detect", f"Authorization: Bearer {WRONG}", 403),
        ("/translate", "Authorization: Bearer of-a-proxy", 413),
        ("/translate", "Accept: */*", 413),
        ("/detect", "Accept: */*", 413),
        ("/v2/translate", "Accept: */*", 413),
    ],
)
def test_of_a_stranger_no_more_is_read_than_a_key_needs(
    guarded: FrontEnd, store: WholeLedger, path: str, header: str, status: int
) -> None:
    """The body is announced and never sent: an answer shows that nobody waits for it."""
    method = "GET" if path == "/v2/languages" else "POST"
    head = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{header}\r\nContent-Type: application/json\r\n"
    with socket.create_connection(("127.0.0.1", guarded.port), timeout=10) as connection:
        connection.sendall(f"{head}Content-Length: {UNIDENTIFIED_BYTES + 1}\r\n\r\n".encode())
        assert connection.recv(4096).startswith(f"HTTP/1.1 {status} ".encode())


def test_who_shows_a_key_in_a_header_may_send_more(guarded: FrontEnd, store: WholeLedger) -> None:
    key = KeyStore(store.redis, prefix="depeche:").create("press")[1]
    text = "Il pleut. " * (UNIDENTIFIED_BYTES // 10)
    with worker(store), guarded.client() as http:
        libre = {"q": text, "source": "fr", "target": "en"}
        assert http.post("/translate", json={**libre, "api_key": key}).status_code == 413
        for headers in ({"X-API-Key": key}, {"Authorization": f"Bearer {key}"}):
            assert http.post("/translate", json=libre, headers=headers).json() == {"translatedText": text.upper()}
        deepl_way = {"text": [text], "target_lang": "EN-US"}
        assert http.post("/v2/translate", json={**deepl_way, "auth_key": key}).status_code == 413
        answer = http.post("/v2/translate", json=deepl_way, headers={"Authorization": f"DeepL-Auth-Key {key}"})
        assert answer.json()["translations"][0]["text"] == text.upper()


def test_a_key_in_a_body_of_common_size_is_found(guarded: FrontEnd, store: WholeLedger) -> None:
    key = KeyStore(store.redis, prefix="depeche:").create("press")[1]
    with worker(store), guarded.client() as http:
        answer = http.post("/v2/translate", data={"text": "Un.", "target_lang": "EN-US", "auth_key": key})
        assert answer.json()["translations"][0]["text"] == "UN."
        detected = http.post("/detect", json={"q": "Il pleut.", "api_key": key}, headers={"Authorization": "Bearer x"})
        assert detected.status_code == 200


def test_the_languages_of_libretranslate_are_open_to_all_and_nothing_else(guarded: FrontEnd) -> None:
    with guarded.client() as http:
        assert http.get("/languages").status_code == 200
        assert http.get("/v2/languages").status_code == 403
        assert http.get("/v2/usage").status_code == 403
        assert http.post("/detect", json={"q": "Il pleut."}).status_code == 403
