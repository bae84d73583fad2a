"""How every door says that something went wrong: one sentence in the reader's language, and a name that stays.

Programs get ``application/problem+json`` (RFC 9457) with a stable ``type`` and, for forms, a pointer to each field.
Readers of pages get a page: ``api.pages.errors.render(request, problem)`` draws it. What nobody expected is answered
with a random number that stands in the log too; neither the answer nor the log repeats what was sent.
"""

import logging
import secrets
import traceback
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from html import escape
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Protocol, cast

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse
from sqlalchemy.exc import DataError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionFree
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import i18n
from engine.db import DatabaseBusy
from engine.errors import EngineError, Invalid

log = logging.getLogger("duban.problems")

API = "/api/"
TITLES = {
    400: ("The request cannot be read", "请求无法识别"),
    401: ("Sign-in needed", "需要登录"),
    403: ("Not allowed", "没有权限"),
    404: ("Not found", "没有找到"),
    405: ("Method not allowed", "不支持的请求方法"),
    409: ("Not possible now", "当前不能进行"),
    412: ("Changed in the meantime", "内容已被他人更改"),
    413: ("Too large", "内容过大"),
    415: ("Unsupported type of content", "不支持的内容类型"),
    422: ("Not valid", "内容不符合要求"),
    429: ("Too many attempts", "尝试次数过多"),
    500: ("Unexpected error", "系统错误"),
    503: ("Not available now", "暂时不可用"),
}
SLUGS = {
    400: "unreadable",
    404: "not-found",
    405: "method-not-allowed",
    413: "too-large",
    415: "unsupported-content",
    422: "invalid-request",
}
SENTENCES = {
    400: ("The request cannot be read.", "请求内容无法识别。"),
    404: ("There is no such thing, or it is not yours to see.", "没有找到，或者您无权查看。"),
    405: ("This address does not take this method.", "该地址不支持此请求方法。"),
    413: ("What was sent is too large.", "提交的内容过大。"),
    415: ("This type of content is not understood here.", "不支持这种类型的内容。"),
    422: ("What was sent is not valid; the fields are listed.", "提交的内容不符合要求，请查看各字段的说明。"),
}
# What pydantic finds, in our words: its own may quote what was sent.
VALIDATION = {
    "missing": ("This field is required.", "此项必填。"),
    "json_invalid": ("This is not JSON.", "不是有效的 JSON。"),
    "extra_forbidden": ("This field is not known here.", "没有此项。"),
    "string_too_long": ("This is too long.", "内容过长。"),
    "string_too_short": ("This is too short.", "内容过短。"),
    "greater_than_equal": ("This is too small.", "数值过小。"),
    "less_than_equal": ("This is too large.", "数值过大。"),
}
WRONG_VALUE = ("This value is of the wrong kind.", "内容的类型或格式不正确。")


@dataclass(frozen=True)
class FieldProblem:
    """What is wrong with one field: where it is (JSON pointer), a stable code, and a sentence."""

    pointer: str
    code: str
    detail: str


@dataclass(frozen=True)
class Problem:
    """Something that went wrong, ready to be shown."""

    status: int
    slug: str
    title: str
    detail: str
    errors: tuple[FieldProblem, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    error: EngineError | None = None  # for pages that can say more
    number: str | None = None  # of an unexpected error, as it stands in the log

    def document(self) -> dict[str, Any]:
        """The problem as RFC 9457 has it."""
        said: dict[str, Any] = {
            "type": f"urn:duban:problem:{self.slug}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
        }
        if self.errors:
            said["errors"] = [vars(e) for e in self.errors]
        if self.number:
            said["instance"] = f"urn:duban:incident:{self.number}"
        return said


class _PageOfErrors(Protocol):
    def render(self, request: Request, problem: Problem) -> Response: ...


WRONG_ADDRESS = (
    "Something in the address is not valid: check it, or begin again from the menu.",
    "地址中的内容无效，请核对地址，或者从菜单重新进入。",
)


def install(app: FastAPI) -> None:
    """Make the application answer every error in this way."""
    app.add_exception_handler(EngineError, _engine_error)
    app.add_exception_handler(RequestValidationError, _validation_error)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(OperationalError, _database_down)
    app.add_exception_handler(NoConnectionFree, _database_down)
    app.add_exception_handler(DataError, _database_refuses)


def locale_of(request: Request) -> str:
    """Chinese first; English for a reader who chose it, or a program that prefers it (Accept-Language)."""
    if not is_api(request.url.path):
        return i18n.locale_of(request)
    return preferred(request.headers.get("accept-language", ""))


def is_api(path: str) -> bool:
    return path.startswith(API)


def preferred(accept_language: str) -> str:
    """The better liked of Chinese and English in an Accept-Language header; Chinese when neither is named."""
    liked = {"zh": 0.0, "en": 0.0}
    for part in accept_language[:500].split(","):
        tag, _, parameters = part.strip().partition(";")
        language = tag.strip().lower().partition("-")[0]
        if language in liked:
            liked[language] = max(liked[language], _quality(parameters))
    return "en" if liked["en"] > liked["zh"] else "zh"


def _quality(parameters: str) -> float:
    name, _, value = parameters.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return min(1.0, max(0.0, float(value)))
    except ValueError:
        return 0.0


# ---------------------------------------------------------------- from error to problem


def _engine_error(request: Request, error: Exception) -> Response:
    return respond(request, of_engine_error(cast(EngineError, error), locale_of(request)))


def of_engine_error(error: EngineError, locale: str) -> Problem:
    """The problem that an error of the engine is; field problems of a form get pointers into the request."""
    headers = {"Retry-After": str(error.data["retry_after"])} if "retry_after" in error.data else {}
    if error.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    if error.status == 503:
        headers.setdefault("Retry-After", "2")
    return Problem(
        error.status,
        error.slug,
        _pick(TITLES.get(error.status, TITLES[500]), locale),
        error.sentence(locale),
        tuple(_field_problems(error, locale)),
        headers,
        error,
    )


def _field_problems(error: EngineError, locale: str) -> Iterable[FieldProblem]:
    """The fields that a form error names (``problems``), or the one field that a rule names (``field``)."""
    for found in getattr(error, "problems", ()):
        yield FieldProblem(f"/form{found.pointer}", found.code, _pick((found.en, found.zh), locale))
    for fault in getattr(error, "faults", ()):  # of an uploaded process
        yield FieldProblem(f"/bundle/{_escaped(fault.file)}", "fault", str(fault))
    named = error.data.get("field")
    if isinstance(named, str):
        yield FieldProblem(f"/form/{_escaped(named)}", error.slug, error.sentence(locale))


def _validation_error(request: Request, error: Exception) -> Response:
    locale, wrong = locale_of(request), cast(RequestValidationError, error).errors()
    found = tuple(of_validation(wrong, locale))
    unreadable = any(f.code == "json_invalid" for f in found)
    status, slug = (400, "unreadable") if unreadable else (422, "invalid-request")
    addressed = not is_api(request.url.path) and all(w["loc"] and w["loc"][0] in ("path", "query") for w in wrong)
    sentence = WRONG_ADDRESS if addressed else SENTENCES[status]
    return respond(request, Problem(status, slug, _pick(TITLES[status], locale), _pick(sentence, locale), found))


def of_validation(errors: Iterable[Mapping[str, Any]], locale: str) -> Iterable[FieldProblem]:
    """What pydantic found, field by field, without repeating what was sent."""
    for found in errors:
        where = [str(step) for step in found["loc"]]
        if where and where[0] in ("body", "query", "path", "header", "cookie"):
            where = where[1:] if where[0] == "body" else where
        code = str(found["type"])
        yield FieldProblem(
            "".join(f"/{_escaped(step)}" for step in where), code, _pick(VALIDATION.get(code, WRONG_VALUE), locale)
        )


def _http_error(request: Request, error: Exception) -> Response:
    """What the framework itself refuses: no such address, no such method, an unreadable or too large body."""
    refused, locale = cast(HTTPException, error), locale_of(request)
    title = _pick(TITLES.get(refused.status_code, TITLES[400]), locale)
    detail = _pick(SENTENCES.get(refused.status_code, SENTENCES[400]), locale)
    slug = SLUGS.get(refused.status_code, SLUGS[400])
    return respond(request, Problem(refused.status_code, slug, title, detail, headers=dict(refused.headers or {})))


def _database_down(request: Request, _: Exception) -> Response:
    """The database cannot be reached, or is too busy."""
    return respond(request, of_engine_error(DatabaseBusy(), locale_of(request)))


def _database_refuses(request: Request, _: Exception) -> Response:
    """A value that no column takes, such as a text with NUL in an address."""
    return respond(request, of_engine_error(Invalid(), locale_of(request)))


def unexpected(request: Request, error: Exception) -> Response:
    """What nobody foresaw: a number for the reader, the place (and never the content) for the log."""
    number, locale = secrets.token_hex(6), locale_of(request)
    log.error("incident %s: %s at %s", number, type(error).__name__, places(error))
    detail = (
        f"Something went wrong on our side. Its number is {number}.",
        f"系统出现意外错误，编号为 {number}。",
    )
    return respond(
        request, Problem(500, "unexpected", _pick(TITLES[500], locale), _pick(detail, locale), number=number)
    )


def places(error: BaseException) -> str:
    """Where an exception came from, innermost first. Its message may hold what somebody sent, so it is left out."""
    frames = traceback.extract_tb(error.__traceback__)
    chosen = [f for f in frames if "site-packages" not in f.filename][-6:] + frames[-1:]
    return " < ".join(f"{f.filename.rpartition('/')[2]}:{f.lineno} {f.name}" for f in reversed(chosen)) or "?"


def respond(request: Request, problem: Problem) -> Response:
    """The problem as this reader understands it."""
    if is_api(request.url.path):
        return JSONResponse(
            problem.document(), problem.status, dict(problem.headers), media_type="application/problem+json"
        )
    response = _page(request, problem)
    for name, value in problem.headers.items():
        response.headers[name] = value
    return response


def _page(request: Request, problem: Problem) -> Response:
    """The page of the error; a plain one where even drawing that goes wrong."""
    pages = _page_of_errors()
    try:
        return pages.render(request, problem) if pages else _plain_page(request, problem)
    except Exception as error:
        log.error("the page of an error failed: %s at %s", type(error).__name__, places(error))
        return _plain_page(request, problem)


@cache
def _page_of_errors() -> _PageOfErrors | None:
    if find_spec("api.pages.errors") is None:
        return None
    return cast(_PageOfErrors, import_module("api.pages.errors"))


def _plain_page(request: Request, problem: Problem) -> Response:
    language = "zh-Hans" if locale_of(request) == "zh" else "en"
    title, detail = escape(problem.title), escape(problem.detail)
    return HTMLResponse(
        f'<!doctype html><html lang="{language}"><meta charset="utf-8"><title>{title}</title>'
        f"<h1>{title}</h1><p>{detail}</p></html>",
        problem.status,
    )


def _pick(texts: tuple[str, str], locale: str) -> str:
    english, chinese = texts
    return chinese if locale.startswith("zh") else english


def _escaped(step: str) -> str:
    return step.replace("~", "~0").replace("/", "~1")


class CatchUnexpected:
    """The last net: no exception reaches the server, which would write its message into the log."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        begun = False

        async def noting(message: Message) -> None:
            nonlocal begun
            begun = begun or message["type"] == "http.response.start"
            await send(message)

        try:
            await self.app(scope, receive, noting)
        except Exception as error:
            response = unexpected(Request(scope), error)
            if begun:  # half an answer cannot be taken back: break off, so that nobody takes it for a whole one
                raise ConnectionAbortedError("the answer was broken off") from None
            await response(scope, receive, send)
