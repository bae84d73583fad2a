"""Signing in and out of the desk."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse
from starlette.responses import Response

from api import auth, deps, rendering
from api.deps import PageAnyone, PagePerson
from api.pages.frame import home_of
from api.pages.posted import Sent
from engine import directory
from engine.attempts import TooManyAttempts

router = APIRouter()


@router.get("/sign-in")
def show(request: Request, door: PageAnyone, next: Annotated[str, Query(max_length=300)] = "") -> Response:
    if door.visitor is not None:
        return RedirectResponse(_own_page(next) or home_of(door.visitor), 303)
    return rendering.page(request, "sign_in.html", next=_own_page(next), login="", fault="")


@router.post("/sign-in")
def sign_in(request: Request, door: PageAnyone, posted: Sent) -> Response:
    login, password = posted.text("login", 64), next(iter(posted.texts.get("password", ())), "")
    wanted = _own_page(posted.text("next", 300))
    try:
        session = deps.sign_in(door, request, login, password)
    except (directory.WrongCredentials, directory.PersonLeft, TooManyAttempts) as error:
        response = rendering.page(
            request, "sign_in.html", error.status, next=wanted, login=login, fault=error.sentence(door.locale)
        )
        if "retry_after" in error.data:
            response.headers["Retry-After"] = str(error.data["retry_after"])
        return response
    with door.reading() as reading:
        actor = directory.actor_of(reading, directory.person(reading, login).id)
    inside = RedirectResponse(wanted or home_of(actor), 303)
    session.set_cookie(inside, door.settings)
    return inside


@router.post("/sign-out")
def sign_out(request: Request, door: PagePerson) -> Response:
    deps.sign_out(door, request, "person")
    response = RedirectResponse("/sign-in", 303)
    response.delete_cookie(auth.SESSION_COOKIE, path="/")
    return response


def _own_page(path: str) -> str:
    """A way back to a page of ours; an address elsewhere is no way back."""
    plain = path.startswith("/") and not path.startswith(("//", "/\\")) and "\\" not in path and path.isprintable()
    return path if plain else ""
