"""Nobody waits for all that somebody else has sent."""

from collections.abc import Callable

from service.contract.lines import Kind, line_of
from service.contract.states import JobState
from tests.integration.worker.processes import SLOW, Queue, Worker

ONE_AT_A_TIME = {**SLOW, "DEPECHE_CONCURRENCY": "1"}


def ended_before(queue: Queue, job_id: str, others: list[str], client: str) -> int:
    """How many of the other jobs had ended when this one did."""
    mine = queue.get(job_id, client=client).ended_ms or 0
    return sum((queue.get(other).ended_ms or mine + 1) <= mine for other in others)


def test_an_article_of_one_client_passes_the_batch_of_another(queue: Queue, start: Callable[..., Worker]) -> None:
    many = [queue.submit(f"Article {number} de la série.", kind=Kind.BATCH) for number in range(30)]
    one = queue.submit("Bonjour.", client="page")
    own = queue.submit("Bonjour.")  # the same client as the batch's, and a single article
    assert len({line_of("local", Kind.BATCH), line_of("page", Kind.SINGLE), line_of("local", Kind.SINGLE)}) == 3
    start(**ONE_AT_A_TIME)
    queue.until(lambda: queue.get(one, client="page").state is JobState.SUCCEEDED)
    queue.wait(own, JobState.SUCCEEDED)
    assert ended_before(queue, one, many, "page") <= 3
    assert ended_before(queue, own, many, "local") <= 4
    queue.until(lambda: all(queue.get(job_id).state is JobState.SUCCEEDED for job_id in many), 60)
    assert queue.messages() == 0
