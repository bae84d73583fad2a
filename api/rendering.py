"""Drawing a page: one Jinja environment, the reader's language, and what every page knows."""

from collections.abc import Callable, Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context

from api import i18n, sheets
from engine.privacy import show_code
from engine.settings import Settings
from notices.templates import numeral_zh

TEMPLATES = Path(__file__).parent / "templates"
STATIC = Path(__file__).parent / "static"
YEAR = 365 * 24 * 3600


def page(request: Request, template: str, status_code: int = 200, **values: Any) -> HTMLResponse:
    """A page in the reader's language. A language asked for in the address is remembered."""
    locale = i18n.locale_of(request)
    settings: Settings = request.app.state.database.settings
    response = HTMLResponse(draw(template, locale, request=request, demo=settings.demo, **values), status_code)
    if request.query_params.get("lang") in i18n.LOCALES:
        response.set_cookie(i18n.LANGUAGE_COOKIE, locale, max_age=YEAR, httponly=True, samesite="lax", path="/")
    return response


def draw(template: str, locale: str, **values: Any) -> str:
    """The HTML of a template; ``values`` is all it sees besides the filters below."""
    request = values.get("request")
    known = {"here": "", "said": "", "problems": (), "demo": False, "canonical": ""} | values
    known |= {
        "locale": locale,
        "path": request.url.path if request else "/",
        "other_language": _other_language(request, locale, str(known["canonical"])),
    }
    return environment(locale).get_template(template).render(known)


@cache
def environment(locale: str) -> Environment:
    """Templates that escape everything and refuse a name that nobody gave them."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    made.install_gettext_callables(  # type: ignore[attr-defined]
        i18n.gettext(locale), i18n.ngettext(locale), newstyle=True
    )
    made.filters |= {
        "long_day": lambda day: i18n.long_day(day, locale),
        "plain_day": lambda day: i18n.plain_day(day, locale),
        "short_day": _short_day(locale),
        "moment": lambda instant: i18n.moment(instant, locale),
        "short_moment": lambda instant: i18n.short_moment(instant, locale),
        "size": i18n.size,
        "groups": show_code,
        "sheet": sheets.weeks,
        "spent": sheets.spent,
        "numeral_zh": numeral_zh,
        "own_words": lambda value: value.zh if locale == i18n.CHINESE else value.en,
    }
    made.globals |= {"address": address}
    return made


def address(path: str, **query: Any) -> str:
    """A link with those of the parameters that say something."""
    said = {name: value for name, value in query.items() if value not in (None, "", False)}
    return f"{path}?{urlencode(said)}" if said else path


def _short_day(locale: str) -> Callable[[Context, date | None], str]:
    """Days in lists: the year is said only when it is not the one of the page's ``today``."""

    @pass_context
    def short_day(context: Context, day: date | None) -> str:
        today = context.get("today")
        return i18n.short_day(day, locale, today if isinstance(today, date) else None)

    return short_day


def _other_language(request: Request | None, locale: str, canonical: str) -> str:
    """The same page in the other language; ``canonical`` is the address of a page that answers something sent."""
    other = i18n.ENGLISH if locale == i18n.CHINESE else i18n.CHINESE
    query: Mapping[str, str] = request.query_params if request else {}
    return f"{canonical}?" + urlencode({**query, "lang": other})
