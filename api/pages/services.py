"""What the public may ask for, and what it is promised: taken from the declarations of the processes."""

import re
from dataclasses import dataclass

from api import i18n
from engine import definitions, links, statutes
from engine.db import Reading
from engine.definitions import Bundle
from engine.manifest import DeadlineRule
from engine.models import Case

STARTS = "case.submitted"
PUBLIC_APPLICANTS = "public"


@dataclass(frozen=True)
class Service:
    """A process that members of the public may begin."""

    key: str
    title: str
    text: str
    promises: tuple[str, ...]  # what is owed from the day of filing, with the article
    sealed: bool = False  # who files it is kept apart from the case
    filing: str = "申请"  # what is filed


@dataclass(frozen=True)
class FollowUp:
    """A case that the reader may begin out of another one: a review of a refusal, say."""

    key: str
    title: str
    text: str


def follow_ups(reading: Reading, case: Case) -> list[FollowUp]:
    """What may come out of a case, as far as the reader may begin it now; each process once."""
    locale, found = reading.actor.locale, {}
    for bundle in sorted((bundle for bundle, _ in links.offered(reading, case)), key=_by_article):
        process = bundle.manifest.process
        found[bundle.key] = FollowUp(
            bundle.key, bundle.text(process, "title", locale), bundle.text(process, "text", locale)
        )
    return list(found.values())


def services(reading: Reading, locale: str) -> list[Service]:
    """Everything that may be filed on the portal."""
    public = [b for b in definitions.processes(reading) if b.manifest.process.applicants == PUBLIC_APPLICANTS]
    return [service_of(reading, bundle, locale) for bundle in sorted(public, key=promised_first)]


def promised_first(bundle: Bundle) -> tuple[bool, list[int]]:
    """How processes are ordered in a list: first what the law answers within days, then in the order of the articles."""
    statutory = any(rule.basis == "statutory" for rule in bundle.manifest.deadlines.values())
    return not statutory, _by_article(bundle)


def _by_article(bundle: Bundle) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", bundle.manifest.process.article or "")]


def service_of(reading: Reading, bundle: Bundle, locale: str) -> Service:
    """One process as the portal presents it."""
    process = bundle.manifest.process
    owed = [rule for rule in bundle.manifest.deadlines.values() if STARTS in rule.starting and rule.article]
    return Service(
        key=bundle.key,
        title=bundle.text(process, "title", locale),
        text=bundle.text(process, "text", locale),
        promises=tuple(_promise(reading, rule, locale) for rule in owed),
        filing=bundle.text(process, "filing", locale),
        sealed=any(party.sealed for party in bundle.manifest.parties.values()),
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
