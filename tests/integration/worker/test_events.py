"""Who listens hears each segment as it is translated, whichever worker does it."""

import signal
from collections.abc import Callable

from service.client import Client
from tests.integration.service.front_end import FrontEnd
from tests.integration.worker.processes import QUICK, SLOW, Queue, Worker

SENTENCES = [f"Le maire est venu {number} fois sur le pont de la ville." for number in range(12)]


def test_segments_come_one_by_one_and_go_on_with_another_worker(
    queue: Queue, redis_url: str, start: Callable[..., Worker]
) -> None:
    first = start(**SLOW, **QUICK)
    with FrontEnd(redis_url) as front_end, Client(front_end.url) as client:
        job_id = client.submit(" ".join(SENTENCES), title="Le pont", summary="none").id
        heard, before = [], 0
        for event in client.events(job_id):
            if event.name == "segment" and event.id:
                heard.append((event.id, event.data["source"], event.data["target"]))
                if len(heard) == 4:
                    assert not client.get(job_id).state.ended
                    first.process.send_signal(signal.SIGKILL)
                    before = len(heard)
                    start(**SLOW, **QUICK)
        job = client.get(job_id)
    assert 0 < before < len(heard)
    assert [number for number, _, _ in heard] == [str(number) for number in range(1, 14)]
    assert [source for _, source, _ in heard[1:]] == SENTENCES
    assert job.result is not None
    segments = job.result["translation"]["paragraphs"][0]["segments"]
    assert [target for _, _, target in heard] == [job.result["translation"]["title"], *(s["target"] for s in segments)]
    assert job.raw["history"][0]["outcome"] == "crashed"


def test_nothing_is_kept_where_nobody_listens(queue: Queue, start: Callable[..., Worker]) -> None:
    start()
    job_id = queue.submit(" ".join(SENTENCES))
    queue.until(lambda: queue.get(job_id).state.ended)
    assert queue.redis.exists(queue.store.keys.told(job_id)) == 0
