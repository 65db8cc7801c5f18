"""A small Hugging Face: what `huggingface_hub` asks when a network is published."""

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

# Larger files are not sent inside of the commit, but to an address of their own.
_INSIDE = 20_000


class Hub(ThreadingHTTPServer):
    """Its repositories, by name: their files by theirs.

    `refuse` is the status of every answer where it is set, `tokens` what was sent with requests,
    `private` says of each repository that was made whether it is.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answers)
        self.repositories: dict[str, dict[str, bytes]] = {}
        self.private: dict[str, bool] = {}
        self.tokens: set[str | None] = set()
        self.large: dict[str, bytes] = {}
        self.refuse: int | None = None

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.server_port}"


class _Answers(BaseHTTPRequestHandler):
    server: Hub

    def log_message(self, *_: Any) -> None:
        """Nothing."""

    def do_GET(self) -> None:
        name = "/".join(self.path.split("/")[3:5])
        if self.server.refuse is not None:
            self._answer({"error": "no"}, self.server.refuse)
            return
        files = self.server.repositories[name]
        kind = {"type": "file", "oid": "0", "size": 1}
        self._answer([{**kind, "path": file} for file in files])

    def do_PUT(self) -> None:
        self.server.large[self.path.rpartition("/")[2]] = self._body()
        self._answer({})

    def do_POST(self) -> None:
        body, path = self._body(), self.path
        self.server.tokens.add(self.headers.get("Authorization"))
        if self.server.refuse is not None:
            self._answer({"error": "no"}, self.server.refuse)
        elif path == "/api/repos/create":
            asked = json.loads(body)
            name = f"{asked['organization']}/{asked['name']}"
            self.server.repositories.setdefault(name, {})
            self.server.private[name] = asked.get("visibility") == "private"
            self._answer({"url": f"{self.server.url}/{name}"})
        elif "/preupload/" in path:
            self._answer({"files": [_mode(file) for file in json.loads(body)["files"]]})
        elif path.endswith("/info/lfs/objects/batch"):
            self._answer({"transfer": "basic", "objects": self._places(json.loads(body))})
        elif "/commit/" in path:
            self._commit("/".join(path.split("/")[3:5]), body)
            self._answer({"success": True, "commitUrl": f"{self.server.url}/c/1", "commitOid": "1"})
        else:
            self._answer({"errors": [], "warnings": []})

    def _places(self, asked: dict[str, Any]) -> list[dict[str, Any]]:
        url = self.server.url
        return [
            {**one, "actions": {"upload": {"href": f"{url}/large/{one['oid']}"}}}
            for one in asked["objects"]
        ]

    def _commit(self, name: str, body: bytes) -> None:
        files = self.server.repositories[name]
        for line in map(json.loads, body.splitlines()):
            value = line["value"]
            match line["key"]:
                case "file":
                    files[value["path"]] = base64.b64decode(value["content"])
                case "lfsFile":
                    files[value["path"]] = self.server.large[value["oid"]]
                case "deletedFile":
                    del files[value["path"]]

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = []
        while size := int(self.rfile.readline(), 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def _answer(self, content: Any, status: int = 200) -> None:
        data = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


def _mode(file: dict[str, Any]) -> dict[str, Any]:
    mode = "lfs" if file["size"] > _INSIDE else "regular"
    return {"path": file["path"], "uploadMode": mode, "shouldIgnore": False}


@contextmanager
def serving() -> Iterator[Hub]:
    """One that answers until the end of the block."""
    hub = Hub()
    thread = threading.Thread(target=hub.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        hub.shutdown()
        hub.server_close()
        thread.join()
