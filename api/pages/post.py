"""The post desk: letters that wait, were sent, or came back; labels and the posting list to print."""

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse
from starlette.responses import Response

from api import deps, files, formview, i18n, rendering
from api.deps import Door, PagePerson
from api.pages import posted as sent_form
from api.pages.frame import viewer
from api.pages.posted import PageKey, Posted, Sent, Word
from engine.db import UnitOfWork
from engine.errors import Conflict, Invalid
from notices import deliveries, post
from notices.sheets import MOST_ROWS, Sheet

router = APIRouter(prefix="/desk/post")

ROWS = 50
PDF = "application/pdf"


@router.get("")
def show(
    request: Request, door: PagePerson, view: post.View = "waiting", after: PageKey = "", said: Word = ""
) -> Response:
    return draw(request, door, view, after, said=said)


@router.post("/sent")
def sent(request: Request, door: PagePerson, posted: Sent) -> Response:
    """Mark letters as sent, each with the tracking number that was typed beside it: all of them, or none."""
    picked = [(key, posted.text(f"tracking-{key}", 80)) for key in posted.all("letter")]
    notices = {key: posted.text(f"notice-{key}", 64) for key, _ in picked}

    def act(uow: UnitOfWork) -> deps.Answer:
        if not picked:
            raise post.NothingPicked(most=MOST_ROWS)
        for key, tracking in sorted(picked):
            deliveries.send(uow, notices[key], key, tracking)
        return {"sent": len(picked)}

    try:
        sent_form.once(posted, "page /desk/post/sent").write(door, {"letters": sorted(picked)}, act)
    except (Invalid, Conflict) as error:
        return _refused(request, door, posted, error)
    return RedirectResponse(rendering.address("/desk/post", said="sent"), 303)


@router.post("/labels")
def labels(request: Request, door: PagePerson, posted: Sent) -> Response:
    return _print(request, door, posted, "labels", "邮寄地址签.pdf")


@router.post("/list")
def posting_list(request: Request, door: PagePerson, posted: Sent) -> Response:
    return _print(request, door, posted, "list", "邮件交寄清单.pdf")


def _print(request: Request, door: Door, posted: Posted, what: str, filename: str) -> Response:
    """A sheet about the letters that were picked; who printed it is on record."""
    make = post.labels if what == "labels" else post.posting_list
    try:
        with door.writing() as uow:
            sheet: Sheet = make(uow, posted.all("letter"))
        return files.download(filename, PDF, post.pdf(sheet))
    except (Invalid, Conflict) as error:
        return _refused(request, door, posted, error)


def _refused(request: Request, door: Door, posted: Posted, error: Invalid | Conflict) -> Response:
    view: post.View = "sent" if posted.text("view") == "sent" else "waiting"
    fault = formview.FaultView(error.sentence(door.locale), "letters")
    typed = {name: texts[0] for name, texts in posted.texts.items() if name.startswith("tracking-")}
    picked = frozenset(posted.all("letter"))
    return draw(request, door, view, "", problem=fault, typed=typed, picked=picked, status=error.status)


def draw(
    request: Request,
    door: Door,
    view: post.View,
    after: str,
    *,
    said: str = "",
    problem: formview.FaultView | None = None,
    typed: dict[str, str] | None = None,
    picked: frozenset[str] = frozenset(),
    status: int = 200,
) -> Response:
    _ = i18n.gettext(door.locale)
    with door.reading() as reading:
        who = viewer(reading, door)
        page = post.letters(reading, view, after=after or None, limit=ROWS)
    return rendering.page(
        request,
        "post.html",
        status,
        here="post",
        canonical="/desk/post",
        viewer=who,
        view=view,
        rows=page.rows,
        next_key=page.next_key,
        problems=[problem] if problem else [],
        typed=typed or {},
        picked=picked,
        submission=sent_form.new_submission(),
        said=_("The letters are recorded as sent.") if said == "sent" else "",
    )
