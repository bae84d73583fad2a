"""The portal's first page: what one may ask for, how long it takes, how it goes, and how to follow it."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from api import rendering
from api.deps import PageAnyone
from api.pages import services

router = APIRouter()


@router.get("/")
def home(request: Request, door: PageAnyone) -> Response:
    with door.reading() as reading:
        offered = services.services(reading, door.locale)
    return rendering.page(request, "home.html", here="home", services=offered)
