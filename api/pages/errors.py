"""What went wrong, on a page: what it means, what one can do now, and the way back."""

from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import RedirectResponse
from starlette.responses import Response

from api import auth, deps, i18n, rendering
from api.pages.frame import Viewer, viewer
from api.problems import Problem

PARTY_PAGES = "/track/"
DESK_PAGES = ("/desk", "/board", "/admin")


def render(request: Request, problem: Problem) -> Response:
    """The page for a problem. Who must sign in first is led there, and from there back."""
    if isinstance(problem.error, auth.SignInNeeded):
        return _to_the_door(request)
    locale = i18n.locale_of(request)
    return rendering.page(
        request,
        "error.html",
        problem.status,
        viewer=_viewer(request, problem),
        heading=problem.title,
        status=problem.status,
        sentence=problem.detail,
        advice=_advice(problem.status, locale),
        back=_back(request.url.path),
        again=request.url.path if problem.status in (429, 503) and request.method == "GET" else "",
        canonical=request.url.path if request.method == "GET" else "/",
    )


def _to_the_door(request: Request) -> Response:
    path = request.url.path
    if path.startswith(PARTY_PAGES):
        return RedirectResponse("/track", 303)
    wanted = path if request.method == "GET" else "/desk"
    return RedirectResponse(f"/sign-in?{urlencode({'next': wanted})}", 303)


def _viewer(request: Request, problem: Problem) -> Viewer | None:
    """Who works here keeps the header of the desk, unless the machine itself fails: then a page must not need it."""
    if problem.status >= 500 or not request.url.path.startswith(DESK_PAGES):
        return None
    if (door := deps.who_is_there(request)) is None:
        return None
    with door.reading() as reading:
        return viewer(reading, door)


def _back(path: str) -> str:
    """Where one comes from, as far as the address tells."""
    for place in DESK_PAGES:
        if path.startswith(place) and path != place:
            return place
    return "/track/case" if path.startswith("/track/case/") else "/"


def _advice(status: int, locale: str) -> str:
    """What one can do about it."""
    _ = i18n.gettext(locale)
    advice = {
        400: _("Please go back, reload the page and send the form again."),
        403: _("If you think that you should be able to do this, please ask the administrator about your role."),
        404: _("Please check the address. What you may not see is answered as if it did not exist."),
        405: _("Please go back, reload the page and send the form again."),
        409: _("Please go back and look at the present state before you try again."),
        412: _("Please go back and look at the present state before you try again."),
        413: _("Please send smaller or fewer files."),
        422: _("Please go back and correct what was sent."),
        429: _("To keep codes and passwords safe, there is a pause after several wrong attempts."),
        503: _("Nothing has been lost. Please try again in a moment."),
    }
    return advice.get(status, _("Please try again later, and tell the administrator the number if it happens again."))
