"""Listens to the channel on which each job's end is announced, and counts: no job may end twice."""

import threading
from collections import Counter
from contextlib import suppress

from redis.exceptions import RedisError

from scripts.lab.chaos.cluster import Cluster
from service.contract.keys import Keys


class Announcements:
    """Counts the ends heard of each job, in a thread. What is said while Redis is away can't be heard."""

    def __init__(self, cluster: Cluster) -> None:
        self.heard: Counter[str] = Counter()
        self._cluster = cluster
        self._stopping = threading.Event()
        self._listening = threading.Event()
        self._thread = threading.Thread(target=self._run, name="announcements", daemon=True)
        self._thread.start()
        self._listening.wait(5)

    def close(self) -> None:
        """Stops listening."""
        self._stopping.set()
        self._thread.join(5)

    def _run(self) -> None:
        while not self._stopping.is_set():
            with suppress(RedisError, OSError):
                self._listen()
            self._stopping.wait(0.1)

    def _listen(self) -> None:
        with self._cluster.client() as client, client.pubsub(ignore_subscribe_messages=True) as channel:
            channel.subscribe(Keys(self._cluster.prefix).ended)
            channel.get_message(timeout=1)
            self._listening.set()
            while not self._stopping.is_set():
                message = channel.get_message(timeout=0.2)
                if message is not None:
                    self.heard[message["data"].decode()] += 1
