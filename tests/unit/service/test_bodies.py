"""How the body of a submission arrives."""

import io

import gevent
from flask import Request
from gevent import socket

from service.api.bodies import receive


def test_others_have_their_turn_between_two_pieces_of_a_body() -> None:
    """Even where all of it is there: what others wait for is noticed, and they run, before the next piece is looked at."""
    ours, theirs = socket.socketpair()
    answered: list[int] = []
    pieces: list[int] = []

    def other() -> None:
        while theirs.recv(1):
            answered.append(len(pieces))

    def take(_: bytes) -> None:
        pieces.append(len(answered))
        ours.send(b"?")

    body = bytes(20 * 65_536)
    request = Request({"wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body)), "REQUEST_METHOD": "POST"})
    with ours, theirs:
        server = gevent.spawn(other)
        gevent.sleep(0)
        receive(request, take, limit=len(body), seconds=60)
        server.kill()
    assert len(pieces) == 20
    assert pieces[-1] >= 17, "answers that others had given before the last piece"
