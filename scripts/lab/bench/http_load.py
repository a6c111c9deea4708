"""Requests over kept connections, as fast as they are answered, from a process of its own."""

import asyncio
import multiprocessing
import time
from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(slots=True)
class Answers:
    """What came back: seconds that each answer took, bodies of the first ones, and how many were no success."""

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    failures: int = 0

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.latencies) / self.seconds

    def percentile(self, share: float) -> float:
        """The latency, in seconds, that this share of the answers did not exceed."""
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def request(method: str, path: str, body: bytes = b"") -> bytes:
    """An HTTP/1.1 request to the loopback address, with a JSON body if any."""
    head = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    if body:
        head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    return head.encode() + b"\r\n" + body


def load(port: int, requests: Sequence[bytes], *, connections: int, seconds: float) -> Answers:
    """Sends the requests in turns over so many connections, for so long."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_load, (port, list(requests), connections, seconds))


def _load(port: int, requests: list[bytes], connections: int, seconds: float) -> Answers:
    return asyncio.run(_all(port, requests, connections, seconds))


async def _all(port: int, requests: list[bytes], connections: int, seconds: float) -> Answers:
    answers, began = Answers(), time.perf_counter()
    await asyncio.gather(
        *(_one(port, requests[n:] + requests[:n], began + seconds, answers) for n in range(connections))
    )
    answers.seconds = time.perf_counter() - began
    return answers


async def _one(port: int, requests: list[bytes], until: float, answers: Answers) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    number = 0
    while (began := time.perf_counter()) < until:
        writer.write(requests[number % len(requests)])
        number += 1
        status, body = await answer(reader)
        answers.latencies.append(time.perf_counter() - began)
        answers.failures += status >= 400
        if len(answers.bodies) < 100:
            answers.bodies.append(body)
    writer.close()


async def answer(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    """Status and body of the next answer."""
    head = await reader.readuntil(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    length = next((int(line.split(b":")[1]) for line in lines if line.lower().startswith(b"content-length:")), 0)
    return int(lines[0].split(b" ")[1]), await reader.readexactly(length)
