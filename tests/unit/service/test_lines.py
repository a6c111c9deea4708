"""In which line a job stands."""

from collections import Counter

from service.contract.celery_app import make_celery
from service.contract.keys import Keys
from service.contract.lines import AGAIN, LINES, Kind, line_of
from service.contract.settings import SharedSettings


def test_a_line_stays_the_same_in_all_processes_and_versions() -> None:
    assert [line_of("local", kind) for kind in Kind] == ["articles-14", "articles-20", "articles-12"]
    assert LINES[0] == "articles", "where messages of older versions are"


def test_kinds_of_one_client_and_many_clients_spread_over_the_lines() -> None:
    taken = Counter(line_of(f"client{number}", kind) for number in range(400) for kind in Kind)
    assert set(taken) == set(LINES)
    assert max(taken.values()) < 2 * min(taken.values())


def test_workers_listen_to_every_line() -> None:
    app = make_celery(SharedSettings.load(), socket_timeout_s=1)
    assert set(app.amqp.queues) == {*LINES, AGAIN}
    assert Keys("p:").messages == tuple(f"p:{name}" for name in (*LINES, AGAIN))
    app.close()
