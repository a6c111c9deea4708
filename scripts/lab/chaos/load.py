"""Submissions over HTTP from many threads, at a given pace, with every answer and its time noted."""

import http.client
import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from scripts.lab.chaos.articles import Article

#: Seconds after which a client gives up on an answer. Far above the limit of 3 s, so that slow ones are seen as slow.
_CLIENT_TIMEOUT_S = 30.0

#: Most seconds between two tries of a client, whatever Retry-After says: the campaign has to end.
_PATIENCE_S = 0.5

#: Seconds after which a connection is not used again: the server may be just about to close it.
_IDLE_S = 2.0

#: Every so many articles carries an Idempotency-Key, and every so many asks for a summary.
_KEYED, _SUMMARIZED = 2, 8


@dataclass(slots=True)
class Answer:
    """One request: its status (0: the connection broke), its time in seconds, and a 202's id or a 503's Retry-After."""

    status: int
    seconds: float
    job_id: str = ""
    retry_after: str = ""


@dataclass(slots=True)
class Submission:
    """All that one article's client saw. `keyed` ones had an Idempotency-Key, the same at each try."""

    article: Article
    keyed: bool
    answers: list[Answer] = field(default_factory=list)

    @property
    def ids(self) -> list[str]:
        """The ids that a 202 gave. More than one is a broken promise for a keyed one; else there is at most one."""
        return [answer.job_id for answer in self.answers if answer.status == 202]


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadPlan:
    """How many articles, and how many a second (0: as fast as they are answered). `insist`: 503s are tried again.

    `give_up_s` is how many seconds one client tries.
    """

    jobs: int
    rate: float = 0.0
    threads: int = 8
    insist: bool = True
    give_up_s: float = 120.0


class Load:
    """Sends articles in threads of its own. `took_s` is how long all of it took, once it is done."""

    def __init__(self, port: int, plan: LoadPlan, article: Callable[[int], Article]) -> None:
        self.submissions: list[Submission] = []
        self.took_s = 0.0
        self._port = port
        self._plan = plan
        self._article = article
        self._next = 0
        self._lock = threading.Lock()
        self._failure: BaseException | None = None
        self._began = time.monotonic()
        self._threads = [
            threading.Thread(target=self._run, name=f"client {index}", daemon=True) for index in range(plan.threads)
        ]

    def start(self) -> None:
        """Begins to submit."""
        self._began = time.monotonic()
        for thread in self._threads:
            thread.start()

    @property
    def done(self) -> bool:
        """Whether all articles were sent, or given up."""
        return not any(thread.is_alive() for thread in self._threads)

    def wait(self) -> None:
        """Returns once it is done. Raises what broke a client's thread."""
        for thread in self._threads:
            thread.join()
        self.took_s = time.monotonic() - self._began
        if self._failure is not None:
            raise self._failure

    def accepted(self) -> list[str]:
        """The ids of all jobs that got a 202 by now, each once."""
        with self._lock:
            return list(dict.fromkeys(job_id for item in self.submissions for job_id in item.ids))

    def _take(self) -> Submission | None:
        """The next article, when its time has come."""
        with self._lock:
            number = self._next
            if number >= self._plan.jobs:
                return None
            self._next += 1
        if self._plan.rate:
            time.sleep(max(0.0, self._began + number / self._plan.rate - time.monotonic()))
        submission = Submission(self._article(number), keyed=number % _KEYED == 0)
        with self._lock:
            self.submissions.append(submission)
        return submission

    def _run(self) -> None:
        client = _Client(self._port)
        try:
            while (submission := self._take()) is not None:
                self._submit(client, submission)
        except BaseException as error:  # noqa: BLE001 - handed on by wait()
            self._failure = error
        finally:
            client.close()

    def _submit(self, client: "_Client", submission: Submission) -> None:
        deadline = time.monotonic() + self._plan.give_up_s
        while True:
            answer = client.post(submission)
            with self._lock:
                submission.answers.append(answer)
            if answer.status == 202:
                return
            again = answer.status == 0 or (answer.status == 503 and self._plan.insist)
            if not again or time.monotonic() > deadline:
                return
            time.sleep(_PATIENCE_S)


class _Client:
    """One keep-alive connection."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_CLIENT_TIMEOUT_S)
        self._used_at = 0.0

    def post(self, submission: Submission) -> Answer:
        article = submission.article
        headers = {"Content-Type": "application/json"}
        if submission.keyed:
            headers["Idempotency-Key"] = f"article-{article.number}-{len(article.text)}"
        body: dict[str, object] = {"text": article.text}
        if article.number % _SUMMARIZED:
            body["summary"] = {"mode": "none"}
        began = time.monotonic()
        if began - self._used_at > _IDLE_S:
            self._connection.close()
        try:
            self._connection.request("POST", "/v1/jobs", json.dumps(body).encode(), headers)
            response = self._connection.getresponse()
            content = response.read()
        except (OSError, http.client.HTTPException):
            self._connection.close()
            return Answer(0, time.monotonic() - began)
        self._used_at = time.monotonic()
        seconds = self._used_at - began
        job_id = json.loads(content)["id"] if response.status == 202 else ""
        return Answer(response.status, seconds, job_id, response.headers.get("Retry-After") or "")

    def close(self) -> None:
        self._connection.close()
