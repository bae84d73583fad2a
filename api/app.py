"""The web application: JSON under /api/v1, pages, static files, and what operators ask. Deny by default."""

import pkgutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from fastapi.staticfiles import StaticFiles
from starlette.concurrency import run_in_threadpool

import api.json
import api.pages
from api import health, middleware, problems
from api.deps import Access, access_of
from api.worker import Metronome
from engine.db import Database

PREFIX = "/api/v1"
STATIC = Path(__file__).parent / "static"
DESCRIPTION = """\
Cases under the Guiyang regulation on sharing and opening government data: submit, follow, work, supervise.

- Programs of staff send `Authorization: Bearer …`; the public sends `Duban-Reference` and `Duban-Query-Code`.
- Errors are `application/problem+json` with a stable `type`, in Chinese, or in English by `Accept-Language: en`.
- Lists are paged by key: follow `next` until it is null.
- Every POST takes an `Idempotency-Key`: the same request under the same key has one effect and one answer.
- What one may not see is answered as if it did not exist (404).
"""


class RouteWithoutAccess(RuntimeError):
    """A route does not say who may use it."""


def create_app(database: Database, metronome: Metronome | None = None) -> FastAPI:
    """The application over one database; with a metronome, due work is done in this process too."""

    @asynccontextmanager
    async def beating(_: FastAPI) -> AsyncIterator[None]:
        if metronome:
            metronome.start()
        yield
        if metronome:
            await run_in_threadpool(metronome.stop)

    app = FastAPI(
        title="Duban 督办",
        version="1",
        description=DESCRIPTION,
        openapi_url=f"{PREFIX}/openapi.json",
        docs_url=None,  # they load scripts from other sites, which our content security policy forbids
        redoc_url=None,
        redirect_slashes=False,
        lifespan=beating,
    )
    app.state.database = database
    app.state.nudge = metronome.nudge if metronome else lambda: None
    app.state.routes = declared_routes()
    for router in (health.router, *page_routers()):
        app.include_router(router, include_in_schema=False)
    for router in api.json.ROUTERS:
        app.include_router(router, prefix=PREFIX, responses=api.json.RESPONSES)
    app.mount("/static", StaticFiles(directory=STATIC, check_dir=False), name="static")
    problems.install(app)
    for layer in (problems.CatchUnexpected, middleware.AccessLog):
        app.add_middleware(layer)
    app.add_middleware(middleware.BodyLimit, settings=database.settings)
    app.add_middleware(middleware.SecurityHeaders, settings=database.settings)
    return app


def page_routers() -> list[APIRouter]:
    """The routers of the pages: every module of ``api.pages`` that has one."""
    modules = (import_module(f"api.pages.{found.name}") for found in pkgutil.iter_modules(api.pages.__path__))
    return [module.router for module in modules if hasattr(module, "router")]


@dataclass(frozen=True)
class Declared:
    """One address and method, and who may use it."""

    method: str
    path: str
    access: Access


def declared_routes() -> list[Declared]:
    """Everything that answers with our own code. Nobody may use what does not say who may: raises RouteWithoutAccess."""
    pages = [("", router) for router in (health.router, *page_routers())]
    programs = [(PREFIX, router) for router in api.json.ROUTERS]
    return [declared for prefix, router in pages + programs for declared in _declared(prefix, router)]


def _declared(prefix: str, router: APIRouter) -> Iterator[Declared]:
    for route in router.routes:
        access = access_of(route) if isinstance(route, APIRoute) else None
        if not isinstance(route, APIRoute) or access is None:
            raise RouteWithoutAccess(f"{prefix}{getattr(route, 'path', route)} does not say who may use it (api.deps)")
        for method in sorted(route.methods or ()):
            yield Declared(method, prefix + route.path, access)
