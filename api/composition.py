"""Put the house together: one database with every operation and job registered. Every command and every test starts here."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from engine import (
    cases,
    catalogue,
    catalogue_versions,
    clock,
    corrected_starts,
    corrections,
    data_checks,
    deadline_changes,
    deadline_looks,
    followers,
    grants,
    ladder,
    leads,
    links,
    merging,
    plans,
    printed_dates,
    priority,
    recusals,
    registers,
    webhook_deliveries,
)
from engine.db import Database
from engine.name_lint import MOST_DAYS
from engine.operations import Registry
from engine.reasons import LONGEST_REASON
from engine.settings import Settings
from notices import handlers

TEXT: dict[str, Any] = {"type": "string", "minLength": 1}
TEXT_OR_NOTHING: dict[str, Any] = {"type": ["string", "null"]}
PART = TEXT | {"x-refers": "participant"}
OUTCOME = TEXT | {"x-refers": "outcome"}
CLOCK = {"deadline": TEXT | {"x-refers": "deadline"}, "reason": TEXT | {"maxLength": LONGEST_REASON}}
EVENT = TEXT | {"x-refers": "event", "maxLength": 100}


def compose(settings: Settings, now: Callable[[], datetime] = clock.wall) -> Database:
    """The database of an installation, with everything registered that its processes may ask for.

    Raises LadderFaulty before anything runs, where its clocks could not be planned.
    """
    ladder.of(settings)
    return Database(settings, registry(), now)


def registry() -> Registry:
    """All operations and jobs."""
    offered = Registry()
    offered.operation("case.transfer", ["case.transferred:{part}"], part=PART, organisation=TEXT_OR_NOTHING)(
        cases.transfer
    )
    offered.operation("case.record_outcome", ["case.{outcome}"], outcome=OUTCOME)(cases.record_outcome)
    closed = {"enum": ["closed", "withdrawn"], "default": "closed"}
    offered.operation("case.close", ["case.closed"], status=closed)(cases.close)
    offered.operation("case.announce", ["{event}"], event=EVENT, on=TEXT_OR_NOTHING | {"default": None})(cases.announce)
    why = CLOCK["reason"]
    offered.operation("case.correct_day", event=EVENT, on=TEXT, reason=why)(corrected_starts.correct_day)
    offered.operation("deadline.suspend", ["deadline.suspended:{deadline}"], **CLOCK)(deadline_changes.perform_suspend)
    offered.operation("deadline.resume", ["deadline.resumed:{deadline}"], **CLOCK)(deadline_changes.perform_resume)
    offered.operation("deadline.restart", ["deadline.restarted:{deadline}"], **CLOCK)(deadline_changes.perform_restart)
    days = {"type": "integer", "minimum": 1, "maximum": MOST_DAYS}
    offered.operation("deadline.extend", ["deadline.extended:{deadline}"], **CLOCK, days=days)(
        deadline_changes.perform_extend
    )
    offered.operation("deadline.look", deadline=CLOCK["deadline"])(deadline_looks.look)
    offered.operation("case.remind", lane=TEXT, kind={"enum": ["sheet"]})(cases.remind)
    offered.operation(
        "catalogue.open",
        name=TEXT | {"maxLength": 300},
        format=TEXT | {"maxLength": 40},
        url=TEXT_OR_NOTHING | {"maxLength": 500},
        update_frequency=TEXT_OR_NOTHING | {"maxLength": 40},
        part=PART | {"default": catalogue.PROVIDER},
        item=TEXT_OR_NOTHING | {"default": None},
    )(catalogue.open_item)
    item = TEXT | {"maxLength": 80}
    offered.operation("check.begin", item=item)(data_checks.begin)
    offered.operation("check.end", item=item, found=TEXT | {"maxLength": 40})(data_checks.end)
    offered.operation("check.errors", item=item)(data_checks.errors)
    offered.operation(
        "plan.enter",
        year={"type": "integer", "minimum": 2017, "maximum": 2100},
        dataset=TEXT | {"maxLength": 200},
        planned_on=TEXT,
        part=PART,
    )(plans.enter)
    offered.operation("plan.move", planned_on=TEXT)(plans.move)
    settled = {"enum": [plans.OPENED, plans.ABANDONED]}
    offered.operation("plan.settle", state=settled, on=TEXT_OR_NOTHING)(plans.settle)
    offered.operation("register.count", process=TEXT, field=TEXT, since=TEXT, until=TEXT)(registers.count)
    _offer_catalogue(offered)
    offered.operation("case.open", name=TEXT | {"x-refers": "opening"})(links.open_linked)
    offered.job("case.open")(links.carry_opening)
    offered.operation("case.tell", name=TEXT | {"x-refers": "telling"})(links.tell)
    offered.job("case.tell")(links.carry_telling)
    offered.job(followers.FOLLOW)(merging.follow)
    offered.job(followers.TELL)(merging.tell)
    offered.job("recusal.check")(recusals.check_held)
    offered.operation("lead.urge", field=TEXT)(leads.urge)
    offered.operation(
        "lead.raise", ground={"enum": list("123456789")}, findings=TEXT | {"x-refers": "field"}, respondent=PART
    )(leads.raise_by_process)
    offered.job("lead.open")(leads.open_for_process)
    offered.operation("lead.survey")(leads.survey)
    offered.job("lead.raise")(leads.raise_for_breach)
    offered.job("lead.annul")(leads.annul)
    offered.job("lead.urge")(leads.carry_urging)
    offered.job(corrections.RECOUNT)(corrections.run_round)
    offered.job(printed_dates.TELL)(printed_dates.tell_later)
    offered.job(webhook_deliveries.JOB)(webhook_deliveries.deliver)
    handlers.register(offered)
    return offered


def _offer_catalogue(offered: Registry) -> None:
    """What a process may ask of the catalogues and of access grants."""
    item = {"item": TEXT_OR_NOTHING}
    offered.operation("catalogue.look", **item)(catalogue.look)
    offered.operation("catalogue.demand", **item)(priority.demand)
    offered.operation("catalogue.survey")(catalogue.survey)
    offered.operation("catalogue.adopt", publish={"type": "boolean"})(catalogue.adopt)
    offered.operation("catalogue.discard")(catalogue.discard)
    kind = {"enum": list(catalogue_versions.KINDS)}
    offered.operation("catalogue.compile", kind=kind, part=PART)(catalogue_versions.perform_compile)
    offered.operation("catalogue.publish")(catalogue_versions.perform_publish)
    held = item | {"part": PART}
    day = TEXT_OR_NOTHING
    offered.operation("grant.find", **held)(grants.find)
    offered.operation(
        "grant.record",
        **held,
        access_mode={"enum": list(grants.MODES)},
        purpose=TEXT_OR_NOTHING | {"maxLength": 2000},
        scope=TEXT_OR_NOTHING | {"maxLength": 2000},
        legal_basis=TEXT_OR_NOTHING | {"maxLength": 2000},
        begins_on=day,
        ends_on=day,
    )(grants.record)
    offered.operation("grant.revoke", **held, reason=TEXT | {"maxLength": 1000})(grants.revoke_by_process)
    offered.operation("grant.others", **held)(grants.others)
    offered.sweep(grants.remind_of_endings)
