"""Verifying a paper: what the QR code opens, and where anybody may drop a PDF to compare it with what was issued."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from api import i18n, rendering, verifying
from api.deps import Door, PageAnyone
from api.pages.posted import Key, Posted, Sent
from engine.attempts import TooManyAttempts
from engine.errors import EngineError, Invalid, Unavailable
from notices.examining import PaperEmpty
from notices.standing import Comparison, PaperUnknown, Result, Standing

router = APIRouter(prefix="/verify")


@router.get("")
def show(request: Request, door: PageAnyone) -> Response:
    return _draw(request, door)


@router.post("")
def drop(request: Request, door: PageAnyone, posted: Sent) -> Response:
    """A file alone: the paper that it is, or says that it is, is looked for."""
    return _compared(request, door, posted, None)


@router.get("/{token}")
def show_paper(request: Request, door: PageAnyone, token: Key) -> Response:
    try:
        return _draw(request, door, token, standing=verifying.look_up(door, token))
    except (PaperUnknown, TooManyAttempts) as error:
        return _draw(request, door, fault=error)


@router.post("/{token}")
def drop_beside(request: Request, door: PageAnyone, token: Key, posted: Sent) -> Response:
    """A file beside the paper whose QR code was followed."""
    return _compared(request, door, posted, token)


def _compared(request: Request, door: Door, posted: Posted, token: str | None) -> Response:
    standing = None
    try:
        standing = verifying.look_up(door, token) if token else None
        if not posted.files:
            raise PaperEmpty()
        found = verifying.compare(door, posted.files[0].file, token)
    except (PaperUnknown, Invalid, Unavailable) as error:
        return _draw(request, door, token if standing else None, standing=standing, fault=error)
    return _draw(request, door, token, standing=standing or found.standing, found=found)


def _draw(
    request: Request,
    door: Door,
    token: str | None = None,
    *,
    standing: Standing | None = None,
    found: Comparison | None = None,
    fault: EngineError | None = None,
) -> Response:
    response = rendering.page(
        request,
        "verify.html",
        fault.status if fault else 200,
        here="verify",
        canonical=f"/verify/{token}" if token else "/verify",
        token=token,
        paper=standing,
        found=found,
        result=_words(found.result, door.locale) if found else "",
        good=found is not None and found.result == "same" and found.verdict.state in ("valid", "unsigned"),
        fault=fault.sentence(door.locale) if fault else "",
    )
    if fault is not None and "retry_after" in fault.data:
        response.headers["Retry-After"] = str(fault.data["retry_after"])
    return response


def _words(result: Result, locale: str) -> str:
    _ = i18n.gettext(locale)
    return {
        "same": _("This file is the paper as it was issued."),
        "other_paper": _("This file is an issued paper, but another one than the code belongs to."),
        "another": _("This file is another document under this number: it is not the paper as it was issued."),
        "unregistered": _("This file is signed, but no paper of this kind stands in the register."),
        "changed": _("This file was changed after it was signed."),
        "foreign": _("This file is signed, but by nobody whom this system trusts."),
        "unproven": _("This file is not the paper as it was issued, and its certificate proves nothing any more."),
        "unsigned": _("This file is not signed, and it is not the paper as it was issued."),
        "unreadable": _("This file cannot be read as a PDF."),
    }[result]
