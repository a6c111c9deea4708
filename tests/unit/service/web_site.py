"""A web site for tests: pages in memory, behind a real server on a free port."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PAGE = """<!doctype html><html lang="fr"><head><title>Le pont rouvre - Le Courrier de Brévalles</title>
<meta property="og:title" content="Le pont de Brévalles rouvre"><script>var menu = 1;</script></head>
<body><nav><ul><li><a href="/">Accueil</a></li><li><a href="/sport">Sport</a></li></ul></nav>
<main><article><h1>Le pont de Brévalles rouvre</h1>
<p>Après vingt-six mois de chantier, le <strong>pont des Tanneurs</strong> accueillera de nouveau les voitures lundi à
six heures. La maire a salué une longue patience récompensée devant une centaine d'habitants réunis sur le quai.</p>
<h2>Un chantier plus long que prévu</h2>
<p>Les ouvriers ont remplacé quatre piles rongées par la crue. <a href="/crue">La crue</a> avait emporté une partie du
tablier, et les études ont duré près d'un an avant le premier coup de pioche.</p>
<p>Les piétons disposent désormais d'un trottoir élargi de chaque côté, et une piste cyclable relie le marché à la gare
en moins de dix minutes, ce que les associations demandaient depuis quinze ans.</p></article>
<aside><a href="/crepes">Dix recettes de crêpes</a></aside></main>
<footer><p>Mentions légales - Tous droits réservés</p></footer></body></html>"""


@dataclass
class Page:
    """What an address answers. `slow` sends it byte by byte, with this pause in seconds."""

    body: bytes = b""
    media_type: str | None = "text/html; charset=utf-8"
    status: int = 200
    location: str = ""
    slow: float = 0.0


@dataclass
class WebSite:
    """The pages by their paths, and the headers of the requests that came."""

    url: str = ""
    pages: dict[str, Page] = field(default_factory=dict)
    requests: list[dict[str, str]] = field(default_factory=list)


@contextmanager
def web_site() -> Iterator[WebSite]:
    """A running site."""
    site = WebSite()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            site.requests.append(dict(self.headers))
            page = site.pages.get(self.path, Page(b"nothing here", status=404))
            self.send_response(page.status)
            if page.media_type:
                self.send_header("Content-Type", page.media_type)
            if page.location:
                self.send_header("Location", page.location)
            self.send_header("Content-Length", str(len(page.body)))
            self.end_headers()
            with suppress(OSError):  # the client has gone
                for start in range(0, len(page.body), 1 if page.slow else 1 << 16):
                    self.wfile.write(page.body[start : start + (1 if page.slow else 1 << 16)])
                    time.sleep(page.slow)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    site.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
