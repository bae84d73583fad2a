"""What the public may ask for, and what it is promised: taken from the declarations of the processes."""

from dataclasses import dataclass

from api import i18n
from engine import definitions, statutes
from engine.db import Reading
from engine.definitions import Bundle
from engine.manifest import DeadlineRule

STARTS = "case.submitted"
PUBLIC_APPLICANTS = "public"


@dataclass(frozen=True)
class Service:
    """A process that members of the public may begin."""

    key: str
    title: str
    text: str
    promises: tuple[str, ...]  # what is owed from the day of filing, with the article


def services(reading: Reading, locale: str) -> list[Service]:
    """Everything that may be filed on the portal."""
    return [
        service_of(reading, bundle, locale)
        for bundle in definitions.processes(reading)
        if bundle.manifest.process.applicants == PUBLIC_APPLICANTS
    ]


def service_of(reading: Reading, bundle: Bundle, locale: str) -> Service:
    """One process as the portal presents it."""
    process = bundle.manifest.process
    owed = [rule for rule in bundle.manifest.deadlines.values() if STARTS in rule.starting and rule.article]
    return Service(
        key=bundle.key,
        title=bundle.text(process, "title", locale),
        text=bundle.text(process, "text", locale),
        promises=tuple(_promise(reading, rule, locale) for rule in owed),
    )


def _promise(reading: Reading, rule: DeadlineRule, locale: str) -> str:
    """How long it takes, and which article says so."""
    _ = i18n.gettext(locale)
    said = {
        "calendar": _("An answer within %(days)s days of the application (%(article)s)."),
        "working": _("An answer within %(days)s working days of the application (%(article)s)."),
    }[rule.unit]
    article = statutes.cited(reading.settings, rule.article, rule.text_version, locale)
    return said % {"days": rule.days, "article": article}
