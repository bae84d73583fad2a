"""A notice of a bundle with invented facts: what an author of processes looks at.

``sample.json`` holds the facts of the usual case, ``samples/<case>.json`` those of others, so that every branch of a template is
seen. Beside its facts a sample may say ``organisation`` and ``addressee``, which the page around the text shows.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from engine import clock, definitions
from engine.definitions import Bundle
from engine.errors import Invalid, NotFound
from engine.strict import Unreadable, read_json
from notices import headings, letterhead, render
from notices.paper import Paper

USUAL = "sample"
AROUND = ("organisation", "addressee")
_OTHERS = re.compile(r"notices/([^/]+)/samples/([^/]+)\.json")


class SampleMissing(NotFound):
    """The notice “{notice}” has no {file}."""

    zh = "文书“{notice}”没有 {file}。"


class SampleFaulty(Invalid):
    """The {file} of “{notice}” cannot be used: {reason}."""

    zh = "文书“{notice}”的 {file} 不可用：{reason}。"


class TranslationMissing(NotFound):
    """The notice “{notice}” has no body.en.html.j2."""

    zh = "文书“{notice}”没有 body.en.html.j2。"


def bundle_of(folder: Path) -> Bundle:
    """The process in a folder, as it would be deployed."""
    flow, words = definitions.split(definitions.read_folder(folder))
    return Bundle("", "", 1, 1, flow, words)


def render_sample(
    folder: Path,
    notice: str,
    now: datetime,
    case: str = USUAL,
    language: str = "zh",
    *,
    draft: bool = False,
    facts: Mapping[str, Any] | None = None,
) -> bytes:
    """The PDF of a sample, issued at an instant; raises BundleMissing, NoticeUnknown, SampleMissing, SampleFaulty."""
    return render.render(of_bundle(bundle_of(folder), notice, now, language, case, draft=draft, facts=facts))


def cases(bundle: Bundle, notice: str) -> list[str]:
    """The names of the samples of a notice, the usual one first."""
    others = (found for path in bundle.words if (found := _OTHERS.fullmatch(path)))
    return [USUAL, *sorted(found[2] for found in others if found[1] == notice)]


def languages(bundle: Bundle, notice: str) -> tuple[str, ...]:
    """In which languages a notice can be had: Chinese, and English where there is a courtesy translation."""
    return ("zh", "en") if bundle.has_translation(notice) else ("zh",)


def of_bundle(
    bundle: Bundle,
    notice: str,
    now: datetime,
    language: str = "zh",
    case: str = USUAL,
    *,
    draft: bool = False,
    facts: Mapping[str, Any] | None = None,
) -> Paper:
    """The sample as it is to be typeset; ``facts`` are used instead of those of the bundle."""
    rule, day = bundle.notice(notice), clock.day_of(now)
    if language not in languages(bundle, notice):
        raise TranslationMissing(notice=notice)
    said = dict(facts) if facts is not None else read(bundle, notice, case)
    around = {name: said.pop(name, None) for name in AROUND if name not in rule.facts}
    numbered = rule.series is not None and not draft
    return Paper(
        template=bundle.template(notice, language),
        form=rule.form,
        facts={"remedy_litigation": rule.remedy_litigation, **said},
        title=headings.title(rule, said) if language == "zh" else rule.title_en,
        organisation=str(around.get("organisation") or said.get("agency") or _title(bundle, rule.issuer)),
        number=f"样{rule.series}〔{day.year}〕1号" if numbered else None,
        issued_on=None if draft else day,
        addressee=str(around.get("addressee") or _title(bundle, rule.addressee)),
        seal=rule.form != "slip" and language == "zh",
        qr=None,
        lang="zh-CN" if language == "zh" else "en",
        created=now,
        signers=("张某某",) if rule.upward else None,
        co_issuers=tuple(_title(bundle, part) for part in rule.co_issuers),
        **letterhead.declared(rule),
    )


def read(bundle: Bundle, notice: str, case: str = USUAL) -> dict[str, Any]:
    """The facts of a sample; raises SampleMissing, SampleFaulty."""
    bundle.notice(notice)
    file = "sample.json" if case == USUAL else f"samples/{case}.json"
    source = bundle.words.get(f"notices/{notice}/{file}")
    if source is None:
        raise SampleMissing(notice=notice, file=file)
    return parsed(source, notice, file)


def parsed(source: bytes, notice: str, file: str) -> dict[str, Any]:
    """Facts that were written as JSON; raises SampleFaulty."""
    try:
        facts = read_json(source)
    except Unreadable as error:
        raise SampleFaulty(notice=notice, file=file, reason=str(error)) from None
    if not isinstance(facts, dict):
        raise SampleFaulty(notice=notice, file=file, reason="it is not an object of facts by name")
    return facts


def _title(bundle: Bundle, part: str) -> str:
    """What a participant or party is called."""
    declared = bundle.manifest.participants.get(part) or bundle.manifest.parties.get(part)
    return declared.title if declared else part
