"""A collector that keeps what it is sent, on a real socket, and a site with a page and a video beside it."""

import json
import threading
from collections import deque
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple
from urllib.parse import parse_qs, urlsplit

from schemas.events import EVENT
from tests.e2e.sdk.webm import video

SDK = Path(__file__).parents[3] / "producers" / "collector" / "static" / "cliffhanger.js"
CORS = {
    "Access-Control-Allow-Headers": "authorization, content-type, x-session-token",
    "Access-Control-Allow-Methods": "POST",
    "Access-Control-Expose-Headers": "retry-after",
}


class Request(NamedTuple):
    """What arrived: how the sender named itself, and its events."""

    key: str
    token: str | None
    content_type: str
    events: list
    query: dict
    headers: dict


class Recorder:
    """Answers 200 unless `answers` holds something else: (status, headers, body), taken one a request.

    While it is `away`, connections end without an answer.
    """

    def __init__(self, parse=json.loads):
        self.parse = parse
        self.away = False
        self.requests = []
        self.answers = deque()
        self.pages = {"/sdk/cliffhanger.js": ("text/javascript", SDK.read_bytes())}
        self.arrived = threading.Condition()

    def serve_video(self, path, seconds):
        self.pages[path] = ("video/webm", video(seconds))

    @property
    def events(self):
        """Every event that was answered with 200, once, in the order of arrival."""
        return list(
            {event["event_id"]: event for request in self.requests for event in request.events}.values()
        )

    def of(self, *types):
        """The events of these types, each held to the contract."""
        found = [event for event in self.events if event["event_type"] in types]
        for event in found:
            EVENT.validate_json(json.dumps(event))
        return found

    def answer(self, request):
        """Keep a request, or answer it as the test wants; return status, headers and body."""
        with self.arrived:
            if self.answers:
                return self.answers.popleft()
            self.requests.append(request)
            self.arrived.notify_all()
            return 200, {}, {"accepted": len(request.events), "quarantined": []}


@contextmanager
def serving(recorder):
    """Serve on loopback; yield the origin."""
    handler = type("Handler", (Handler,), {"recorder": recorder})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class Handler(BaseHTTPRequestHandler):
    """The wire: CORS for any origin, ranges for videos."""

    protocol_version = "HTTP/1.1"
    recorder: Recorder

    def do_OPTIONS(self):
        self.write(204, CORS)

    def do_POST(self):
        if self.recorder.away:
            self.close_connection = True
            return
        url = urlsplit(self.path)
        body = self.rfile.read(int(self.headers["Content-Length"]))
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        request = Request(
            key=query.get("key") or self.headers.get("Authorization", "").removeprefix("Bearer "),
            token=query.get("session") or self.headers.get("X-Session-Token"),
            content_type=self.headers["Content-Type"],
            events=[self.recorder.parse(line) for line in body.splitlines()],
            query=query,
            headers={name.lower(): value for name, value in self.headers.items()},
        )
        status, headers, answer = self.recorder.answer(request)
        self.write(status, CORS | headers | {"Content-Type": "application/json"}, json.dumps(answer).encode())

    def do_GET(self):
        kind, content = self.recorder.pages.get(urlsplit(self.path).path, (None, b""))
        if kind is None:
            self.write(404, {})
            return
        headers = {"Content-Type": kind, "Accept-Ranges": "bytes"}
        wanted = self.headers.get("Range")
        if wanted is None:
            self.write(200, headers, content)
            return
        first, _, last = wanted.removeprefix("bytes=").partition("-")
        end = min(int(last or len(content)), len(content) - 1)
        headers["Content-Range"] = f"bytes {first}-{end}/{len(content)}"
        self.write(206, headers, content[int(first) : end + 1])

    def write(self, status, headers, body=b""):
        self.send_response(status)
        origin = self.headers.get("Origin")
        if origin:
            self.send_header("Access-Control-Allow-Origin", origin)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Say nothing."""
