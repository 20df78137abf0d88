"""Files of a log from folders and servers, which may want to do harm."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from coincide.ledger import source
from coincide.ledger.errors import Unreachable
from coincide.ledger.verify import verify
from unit.ledger.logmaker import POLICY, entries, files

LOG = files(entries(300))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "log"
    for path, content in LOG.items():
        (place / path).parent.mkdir(parents=True, exist_ok=True)
        (place / path).write_bytes(content)
    return place


def test_a_log_is_verified_from_a_folder(folder: Path) -> None:
    assert verify(source.of(str(folder)), POLICY).checkpoint.size == 300
    assert source.of(str(folder))("tile/0/999") is None
    assert source.of(str(folder))("checkpoint/more") is None


def test_nothing_outside_the_folder_is_read(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"secret")
    (folder / "link").symlink_to(tmp_path / "secret")
    (folder / "tile" / "9").symlink_to(tmp_path)
    for path in ("link", "tile/9/secret", "../secret"):
        with pytest.raises(Unreachable, match="leads out"):
            source.of(str(folder))(path)
    (folder / "inside").symlink_to("checkpoint")
    assert source.of(str(folder))("inside") == LOG["checkpoint"]


def test_what_is_no_file_is_said(folder: Path) -> None:
    os.mkfifo(folder / "pipe")
    for path in ("pipe", "tile"):
        with pytest.raises(Unreachable, match="no file"):
            source.of(str(folder))(path)
    (folder / "loop").symlink_to("loop")
    with pytest.raises(Unreachable):
        source.of(str(folder))("loop")


def test_a_file_that_is_too_large_is_not_read(folder: Path) -> None:
    with (folder / "large").open("wb") as file:
        file.truncate(source.MOST + 1)
    with pytest.raises(Unreachable, match="more than"):
        source.of(str(folder))("large")


class _Log(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


class _Odd(BaseHTTPRequestHandler):
    """By path: a login page, a redirect, an endless or slow answer, no answer."""

    def log_message(self, format: str, *args: object) -> None:
        pass

    def do_GET(self) -> None:
        match self.path:
            case "/html":
                self.answer(200, b"<html>", "text/html; charset=utf-8")
            case "/away":
                self.send_response(302)
                self.send_header("Location", "http://elsewhere.invalid/checkpoint")
                self.end_headers()
            case "/near":
                self.send_response(302)
                self.send_header("Location", "/good")
                self.end_headers()
            case "/good":
                self.answer(200, b"content", "application/octet-stream")
            case "/gone":
                self.answer(410, b"", "text/plain")
            case "/broken":
                self.answer(503, b"", "text/plain")
            case "/slow":
                self.send_response(200)
                self.end_headers()
                for _ in range(200):
                    self.wfile.write(b"x")
                    self.wfile.flush()
                    time.sleep(0.02)
            case "/cut":
                self.send_response(200)
                self.send_header("Content-Length", "1000")
                self.end_headers()
                self.wfile.write(b"short")
            case _:
                self.connection.shutdown(socket.SHUT_RDWR)

    def answer(self, status: int, content: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


def served(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def log_server(folder: Path) -> Iterator[str]:
    class Here(_Log):
        def __init__(self, *args: object, **more: object) -> None:
            super().__init__(*args, directory=str(folder), **more)  # type: ignore[arg-type]

    yield from served(Here)


@pytest.fixture
def odd_server() -> Iterator[str]:
    yield from served(_Odd)


def test_a_log_is_verified_from_any_static_web_server(log_server: str) -> None:
    assert verify(source.of(f"{log_server}/"), POLICY).checkpoint.size == 300
    assert source.of(log_server)("tile/0/999") is None


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("html", "web page"),
        ("away", "sends to another place, http://elsewhere"),
        ("broken", "503"),
        ("slow", "within 0.5 s"),
        ("nothing", "."),
    ],
)
def test_a_server_that_does_not_serve_a_log_is_said(odd_server: str, path: str, said: str) -> None:
    began = time.monotonic()
    with pytest.raises(Unreachable, match=said):
        source.of_url(odd_server, patience=0.5)(path)
    assert time.monotonic() - began < 5


def test_what_a_server_does_not_have_is_nothing_and_a_redirect_at_home_is_followed(odd_server: str) -> None:
    assert source.of_url(odd_server)("gone") is None
    assert source.of_url(odd_server)("near") == b"content"


def test_an_answer_that_is_cut_off_is_not_taken_for_whole(odd_server: str) -> None:
    with pytest.raises(Unreachable):
        source.of_url(odd_server)("cut")


def test_no_server_is_said() -> None:
    with pytest.raises(Unreachable, match="refused"):
        source.of("http://127.0.0.1:9")("checkpoint")
