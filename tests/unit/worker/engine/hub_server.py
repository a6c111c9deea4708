"""As much of the Hugging Face hub as a download needs, over the folders that a test gives it."""

import hashlib
import json
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlparse


class HubServer(ThreadingHTTPServer):
    """Serves `models`, hub id to folder, each at the one commit `COMMIT`, which is also `main`."""

    COMMIT = "c0ffee" + "0" * 34
    daemon_threads = True

    def __init__(self, models: Mapping[str, Path]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.models = dict(models)
        self.served: list[str] = []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def stop(self) -> None:
        self.shutdown()
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    server: HubServer
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._answer(body=True)

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def log_message(self, format: str, *args: object) -> None:
        pass

    def _answer(self, *, body: bool) -> None:
        path = unquote(urlparse(self.path).path)
        for hub_id, folder in self.server.models.items():
            files = {file.name: file for file in sorted(folder.iterdir())}
            if path.startswith(f"/api/models/{hub_id}/tree/"):
                self._json(
                    [{"type": "file", "path": n, "size": f.stat().st_size, "oid": _oid(f)} for n, f in files.items()]
                )
            elif path.startswith(f"/api/models/{hub_id}"):
                revision = path.rpartition("/revision/")[2] if "/revision/" in path else "main"
                if revision not in {"main", self.server.COMMIT}:
                    self._missing("RevisionNotFound")
                else:
                    self._json({"id": hub_id, "sha": self.server.COMMIT, "siblings": [{"rfilename": n} for n in files]})
            elif path.startswith(f"/{hub_id}/resolve/"):
                self._file(files[path.rpartition("/")[2]], body=body)
            else:
                continue
            return
        self._missing("RepoNotFound")

    def _json(self, value: object) -> None:
        self._send(200, json.dumps(value).encode(), {"Content-Type": "application/json"})

    def _missing(self, code: str) -> None:
        self._send(404, b"{}", {"X-Error-Code": code})

    def _file(self, file: Path, *, body: bool) -> None:
        if body:
            self.server.served.append(file.name)
        self._send(200, file.read_bytes(), {"ETag": f'"{_oid(file)}"', "X-Repo-Commit": self.server.COMMIT}, body=body)

    def _send(self, status: int, content: bytes, headers: Mapping[str, str], *, body: bool = True) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        if body:
            self.wfile.write(content)


def _oid(file: Path) -> str:
    return hashlib.sha1(file.read_bytes(), usedforsecurity=False).hexdigest()
