"""Where the files of a log are fetched from: a folder, or a web server that serves one.

Both are strangers' property: nothing outside the folder is read, and nothing is waited for or read without end.
"""

from __future__ import annotations

import os
import stat
import time
import urllib.error
import urllib.request
from http import HTTPStatus
from http.client import HTTPException, HTTPMessage
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

from coincide.ledger.errors import Unreachable
from coincide.ledger.tiles import LONGEST, WIDTH, Fetch

MOST = WIDTH * (LONGEST + 2)
"""Bytes of the largest file of a log: a full bundle of the longest entries."""
PATIENCE = 20.0
"""Seconds for one file, however slowly it comes."""
_PIECE = 1 << 16


def of(place: str) -> Fetch:
    """The files of the log at a path or an ``http(s)://`` URL."""
    return of_url(place) if place.startswith(("http://", "https://")) else of_folder(Path(place))


def of_folder(folder: Path) -> Fetch:
    """The files below a folder. Raises ``Unreachable``, also for what lies outside it behind a symbolic link."""

    def fetch(path: str) -> bytes | None:
        file = folder / path
        try:
            inside = Path(os.path.realpath(file)).is_relative_to(os.path.realpath(folder))
            # Asked before opening: opening a pipe waits for whoever writes into it.
            if inside and not stat.S_ISREG(file.stat().st_mode):
                raise Unreachable(str(file), "it is no file")
            if inside:
                with file.open("rb") as content:
                    return whole(content, str(file), time.monotonic() + PATIENCE)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise Unreachable(str(file), os.strerror(error.errno or 0).lower()) from error
        raise Unreachable(str(file), "it leads out of the folder of the ledger")

    return fetch


def of_url(prefix: str, patience: float = PATIENCE) -> Fetch:
    """The files below a URL ("APIs": plain resources, fetched with GET). Raises ``Unreachable``.

    ``patience``: seconds for one file. Redirects are followed only to the same host, and never from https to http.
    """
    opener = urllib.request.build_opener(_SameHost)
    base = prefix.rstrip("/")

    def fetch(path: str) -> bytes | None:
        address = f"{base}/{path}"
        until = time.monotonic() + patience
        try:
            request = urllib.request.Request(address, headers={"Accept-Encoding": "identity"})  # noqa: S310
            with opener.open(request, timeout=patience) as answer:
                kind = answer.headers.get_content_type()
                if kind == "text/html":
                    raise Unreachable(address, "the server answers with a web page")
                content = whole(answer, address, until)
                # Reading piece by piece does not tell an answer that was cut off from a whole one.
                if answer.headers.get("Content-Length", str(len(content))) != str(len(content)):
                    raise Unreachable(address, f"the answer breaks off after {len(content):,} bytes")
                return content
        except urllib.error.HTTPError as error:
            with error:
                # A bucket whose files nobody may list answers 403 for those that are not there.
                if error.code in (HTTPStatus.NOT_FOUND, HTTPStatus.GONE, HTTPStatus.FORBIDDEN):
                    return None
                raise Unreachable(address, f"the server answers {error.code} {error.reason}".strip()) from error
        except TimeoutError as error:
            raise Unreachable(address, f"no whole answer within {patience:g} s") from error
        except urllib.error.URLError as error:
            if isinstance(error.reason, TimeoutError):
                raise Unreachable(address, f"no whole answer within {patience:g} s") from error
            raise Unreachable(address, str(error.reason).lower()) from error
        except (OSError, HTTPException, ValueError) as error:
            raise Unreachable(address, str(error).lower() or type(error).__name__) from error

    return fetch


class _SameHost(urllib.request.HTTPRedirectHandler):
    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        old, new = urlsplit(req.full_url), urlsplit(newurl)
        if (old.hostname, old.port) != (new.hostname, new.port) or (old.scheme, new.scheme) == ("https", "http"):
            raise Unreachable(req.full_url, f"the server sends to another place, {new.scheme}://{new.netloc}")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def whole(content: IO[bytes], place: str, until: float) -> bytes:
    """All bytes, if they are no more than any file of a log has and come before a moment of ``time.monotonic``.

    Raises ``Unreachable`` and ``TimeoutError``.
    """
    found = bytearray()
    while piece := content.read1(_PIECE) if hasattr(content, "read1") else content.read(_PIECE):
        found += piece
        if len(found) > MOST:
            raise Unreachable(place, f"it has more than {MOST:,} bytes, as no file of a ledger has")
        if time.monotonic() > until:
            raise TimeoutError
    return bytes(found)
