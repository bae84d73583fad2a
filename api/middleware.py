"""What surrounds every request: security headers, a limit on what may be sent, one line in the log."""

import logging
import time

from fastapi import HTTPException
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from engine.settings import Settings

log = logging.getLogger("duban.access")

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "style-src 'self'",
        "script-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "connect-src 'self'",
    )
)
# The address of a page is never told to another site. To our own it must be: under "no-referrer" a browser sends
# ``Origin: null`` with our own forms, and forged ones could not be told apart from them.
REFERRER_POLICY = "same-origin"
PLAIN_BODY = 1024 * 1024  # bytes of JSON or of a form without files
SLACK = 1024 * 1024  # what the fields and boundaries of a form with files may take besides the files


class SecurityHeaders:
    """The headers that keep a browser from doing what our pages never ask for. Everything is private unless it says not."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self.headers = {
            "Content-Security-Policy": CONTENT_SECURITY_POLICY,
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": REFERRER_POLICY,
            "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
            "Cross-Origin-Opener-Policy": "same-origin",
            "Cross-Origin-Resource-Policy": "same-origin",
        }
        if settings.secure_cookies:
            self.headers["Strict-Transport-Security"] = "max-age=31536000"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self.headers.items():
                    headers[name] = value
                headers.setdefault("Cache-Control", "no-cache" if _shared(scope) else "no-store")
            await send(message)

        await self.app(scope, receive, with_headers if scope["type"] == "http" else send)


def _shared(scope: Scope) -> bool:
    return str(scope.get("path", "")).startswith("/static/")


class BodyLimit:
    """Refuses a body that is too large as soon as that shows, whether or not it announced its length (413)."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self.with_files = settings.max_upload * settings.max_attachments + SLACK

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        limit = self.with_files if _has_files(headers.get("content-type", "")) else PLAIN_BODY
        announced = headers.get("content-length", "")
        excessive = announced.isdigit() and int(announced) > limit
        taken = 0

        async def counting() -> Message:
            nonlocal taken
            if excessive:
                raise HTTPException(413)
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > limit:
                raise HTTPException(413)
            return message

        await self.app(scope, counting, send)


def _has_files(content_type: str) -> bool:
    return content_type.lower().startswith(("multipart/form-data", "application/zip"))


class AccessLog:
    """One line a request: method, path, status, milliseconds. Never the query (a search may be a name), never a body."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        begun, status = time.perf_counter(), 0

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, noting)
        finally:
            spent = (time.perf_counter() - begun) * 1000
            log.info("%s %s %d %.0f ms", scope["method"], _address(scope), status, spent)


def _address(scope: Scope) -> str:
    """The pattern of the address: what stands in its place may be anything that somebody typed."""
    path, prefix = getattr(scope.get("route"), "path", None), "/api/v1"
    if path is None:
        return "/static" if str(scope["path"]).startswith("/static/") else "(no such address)"
    return f"{prefix}{path}" if str(scope["path"]).startswith(prefix) and not path.startswith(prefix) else str(path)
