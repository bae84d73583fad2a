"""A notice of a bundle with the invented facts of its ``sample.json``: what an author of processes looks at."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

from engine import clock, definitions
from engine.definitions import Bundle
from engine.errors import Invalid, NotFound
from notices import letterhead, render
from notices.paper import Paper


class SampleMissing(NotFound):
    """The notice “{notice}” has no sample.json."""

    zh = "文书“{notice}”没有 sample.json。"


class SampleFaulty(Invalid):
    """The sample.json of “{notice}” cannot be used: {reason}."""

    zh = "文书“{notice}”的 sample.json 不可用：{reason}。"


def render_sample(folder: Path, notice: str, now: datetime) -> bytes:
    """The PDF of a sample, issued at an instant; raises BundleMissing, NoticeUnknown, SampleMissing, SampleFaulty."""
    return render.render(sample_paper(folder, notice, now))


def sample_paper(folder: Path, notice: str, now: datetime) -> Paper:
    """The sample as it is to be typeset."""
    flow, words = definitions.split(definitions.read_folder(folder))
    bundle = Bundle("", "", 1, 1, flow, words)
    rule, facts, day = bundle.notice(notice), _facts(bundle, notice), clock.day_of(now)
    return Paper(
        template=bundle.template(notice),
        form=rule.form,
        facts={"remedy_litigation": rule.remedy_litigation, **facts},
        title=rule.title,
        organisation=str(facts.get("agency") or _title(bundle, rule.issuer)),
        number=f"样{rule.series}〔{day.year}〕1号" if rule.series else None,
        issued_on=day,
        addressee=_title(bundle, rule.addressee),
        seal=rule.form != "slip",
        qr=None,
        lang="zh-CN",
        created=now,
        signers=("张某某",) if rule.upward else None,
        co_issuers=tuple(_title(bundle, part) for part in rule.co_issuers),
        **letterhead.declared(rule),
    )


def _facts(bundle: Bundle, notice: str) -> dict[str, Any]:
    source = bundle.words.get(f"notices/{notice}/sample.json")
    if source is None:
        raise SampleMissing(notice=notice)
    try:
        facts = json.loads(source)
    except (ValueError, RecursionError) as error:
        raise SampleFaulty(notice=notice, reason=str(error)) from None
    if not isinstance(facts, dict):
        raise SampleFaulty(notice=notice, reason="it is not an object")
    return facts


def _title(bundle: Bundle, part: str) -> str:
    """What a participant or party is called."""
    declared = bundle.manifest.participants.get(part) or bundle.manifest.parties.get(part)
    return declared.title if declared else part
