"""The part of Azure Blob Storage that keeps whole files, on loopback, for the real SDK.

Put (also in blocks), get (ranges included), head and delete of block blobs, and making containers;
every request's SharedKey signature is checked.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import uuid
from dataclasses import dataclass
from email.utils import formatdate

from aiohttp import web

ACCOUNT = "devstoreaccount1"
KEY = base64.b64encode(b"an emulated storage account's key").decode()
MAX_BLOB_BYTES = 64 * 1024 * 1024
# What is signed of a request, in this order: "Authorize with Shared Key", 2015 and later.
SIGNED = (
    "Content-Encoding", "Content-Language", "Content-Length", "Content-MD5", "Content-Type",
    "Date", "If-Modified-Since", "If-Match", "If-None-Match", "If-Unmodified-Since", "Range",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Blob:
    """A file as it was put."""

    content: bytes
    content_type: str
    etag: str


class BlobEmulator:
    """Runs on a free port of the loopback while used as a context; `containers` holds the files."""

    def __init__(self, *, key: str = KEY) -> None:
        self.containers: dict[str, dict[str, Blob]] = {}
        self.connection_string = ""
        self._blocks: dict[tuple[str, str], bytes] = {}
        self._key = key
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> BlobEmulator:
        app = web.Application(client_max_size=MAX_BLOB_BYTES)
        app.router.add_route("*", f"/{ACCOUNT}/{{container}}", self._answer)
        app.router.add_route("*", f"/{ACCOUNT}/{{container}}/{{blob:.+}}", self._answer)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        self.connection_string = (
            f"DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={self._key};"
            f"BlobEndpoint=http://{host}:{port}/{ACCOUNT};"
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        if not hmac.compare_digest(
            request.headers.get("Authorization", ""), _authorization(self._key, request)
        ):
            return _refusal(403, "AuthenticationFailed")
        name, blob = request.match_info["container"], request.match_info.get("blob")
        if blob is None:
            return self._make_container(request, name)
        container = self.containers.get(name)
        if container is None:
            return _refusal(404, "ContainerNotFound")
        if request.method == "PUT":
            return self._put(request, container, blob, await request.read())
        if blob not in container:
            return _refusal(404, "BlobNotFound")
        if request.method == "DELETE":
            del container[blob]
            return web.Response(status=202, headers=_headers())
        return _download(request, container[blob])

    def _make_container(self, request: web.Request, name: str) -> web.Response:
        if request.method != "PUT" or request.query.get("restype") != "container":
            return _refusal(400, "UnsupportedHttpVerb")
        if name in self.containers:
            return _refusal(409, "ContainerAlreadyExists")
        self.containers[name] = {}
        return web.Response(status=201, headers=_headers())

    def _put(
        self, request: web.Request, container: dict[str, Blob], name: str, content: bytes
    ) -> web.Response:
        kind = request.headers.get("x-ms-blob-content-type", "application/octet-stream")
        match request.query.get("comp"):
            case "block":
                self._blocks[name, request.query["blockid"]] = content
                return web.Response(status=201, headers=_headers())
            case "blocklist":
                ids = re.findall(r"<Latest>([^<]+)</Latest>", content.decode())
                if any((name, each) not in self._blocks for each in ids):
                    return _refusal(400, "InvalidBlockList")
                content = b"".join(self._blocks.pop((name, each)) for each in ids)
            case None if request.headers.get("x-ms-blob-type") == "BlockBlob":
                pass
            case _:
                return _refusal(400, "InvalidHeaderValue")
        etag = f'"{uuid.uuid4().hex}"'
        container[name] = Blob(content=content, content_type=kind, etag=etag)
        return web.Response(status=201, headers=_headers(container[name]))


def _download(request: web.Request, blob: Blob) -> web.Response:
    headers = {**_headers(blob), "Content-Type": blob.content_type}
    wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", request.headers.get("x-ms-range", ""))
    if request.method == "HEAD":
        headers["Content-Length"] = str(len(blob.content))
        return web.Response(headers=headers)
    if wanted is None:
        return web.Response(body=blob.content, headers=headers)
    size, first = len(blob.content), int(wanted[1])
    if first >= size:
        return _refusal(416, "InvalidRange")
    last = min(int(wanted[2] or size - 1), size - 1)
    headers["Content-Range"] = f"bytes {first}-{last}/{size}"
    return web.Response(status=206, body=blob.content[first : last + 1], headers=headers)


def _headers(blob: Blob | None = None) -> dict[str, str]:
    headers = {"x-ms-request-id": str(uuid.uuid4()), "x-ms-version": "2025-05-05"}
    if blob is not None:
        now = formatdate(usegmt=True)
        headers |= {"ETag": blob.etag, "Last-Modified": now, "x-ms-blob-type": "BlockBlob"}
    return headers


def _refusal(status: int, code: str) -> web.Response:
    said = (
        f"<Code>{code}</Code><Message>{code}</Message>"  # the SDK trips over one without a message
    )
    body = f'<?xml version="1.0" encoding="utf-8"?><Error>{said}</Error>'
    headers = {**_headers(), "x-ms-error-code": code}
    return web.Response(status=status, text=body, content_type="application/xml", headers=headers)


def _authorization(key: str, request: web.Request) -> str:
    """Sign a request as "Authorize with Shared Key" of the Storage REST reference says."""
    lines = [request.headers.get(name, "") for name in SIGNED]
    lines[SIGNED.index("Content-Length")] = str(request.content_length or "")
    own = {k.lower(): v.strip() for k, v in request.headers.items()}
    lines += [f"{name}:{own[name]}" for name in sorted(own) if name.startswith("x-ms-")]
    resource = f"/{ACCOUNT}{request.rel_url.raw_path}"
    query = sorted((name.lower(), value) for name, value in request.query.items())
    text = "\n".join([request.method, *lines, resource, *(f"{n}:{v}" for n, v in query)])
    digest = hmac.new(base64.b64decode(key), text.encode(), hashlib.sha256).digest()
    return f"SharedKey {ACCOUNT}:{base64.b64encode(digest).decode()}"
