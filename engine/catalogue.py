"""What is said of the items of the catalogues, and who may change it (Art. 11, 13, 18–20).

A change is drafted as a revision: for a case, as long as work on it waits at the owner, or outside a case as a proposal. The
revisions of a case become current together when its flow says so (``catalogue.adopt``); a proposal when the head of a unit of the
owner agrees, who did not draft it. What is current is shown to the public once the catalogue is published.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_
from sqlmodel import col, select

from engine import audit, item_form, items, process
from engine.access import UNIT_HEAD, workable_tasks
from engine.db import Reading, UnitOfWork
from engine.errors import Conflict, Forbidden, Invalid, NotFound
from engine.items import CURRENT, DISCARDED, DRAFTED, REMOVED, SUPERSEDED
from engine.models import Case, CatalogueItem, CatalogueRevision, Organisation, Task
from engine.operations import BusinessError, Call, Done
from engine.process import Run

PROVIDER = "data_provider"  # whose dataset it is, when a process does not say
STREAM = "catalogue"  # of the record, for what is no case's
ADD, CHANGE, REMOVE = "add", "change", "remove"
HANDLER = "case_handler"
UNKNOWN_ITEM = "unknown"  # what forms may say in place of an item


class ItemUnknown(NotFound):
    """There is no item {code} in the catalogue, or it is not yours to change."""

    zh = "目录中没有 {code}，或者不由您维护。"


class RevisionUnknown(NotFound):
    """There is no such draft, or it is not yours to change."""

    zh = "没有这条待定的修订，或者不由您维护。"


class NotYourCatalogue(Forbidden):
    """Items are drafted by case handlers and heads of unit of the owner of the data, while the case waits for them."""

    zh = "目录项由数据所属机关的承办人或者科室负责人维护；为某件事项维护的，限于该件在本机关办理期间。"


class OwnerUnsaid(Invalid):
    """A new item needs its owner: please name the organisation."""

    zh = "新增目录项，应当指明由哪个机关提供。"


class NameTaken(Conflict):
    """Your catalogue has an item, or a draft of one, with the name “{name}” already: {code}."""

    zh = "本机关目录中已有名为“{name}”的目录项或者待定修订：{code}。"
    quotes = True


class ItemInHand(Conflict):
    """{code} is being changed already: {where}."""

    zh = "{code} 已有待定的修订：{where_zh}。"


class RevisionsFaulty(Conflict):
    """{count} of the drafted revisions cannot be adopted as they are: please look at them."""

    zh = "有 {count} 条待定的修订不符合要求，请先改正。"


class SamePerson(Forbidden):
    """Who drafted a revision does not adopt it."""

    zh = "起草修订的人，不能自己审定。"


# ---------------------------------------------------------------- drafting


def draft(
    uow: UnitOfWork,
    values: Mapping[str, Any],
    *,
    code: str | None = None,
    case_id: str | None = None,
    organisation: str | None = None,
    new_code: str | None = None,
) -> CatalogueRevision:
    """Draft a new item, or (``code``) a change of one; an earlier draft of the same item for the same case is replaced.

    ``organisation`` is the code of the owner of a new item, where the actor drafts for several; ``new_code`` is the code of a new
    item that is brought in from elsewhere. Raises NotYourCatalogue, ItemUnknown, ItemInHand, NameTaken, FormInvalid.
    """
    owners = drafting_for(uow, case_id)
    item_form.require(uow.settings, values)
    if code is None:
        owner = _owner(uow, owners, organisation)
        uow.take_turns(f"catalogue:{owner.id}")
        _require_name_free(uow, owner.id, str(values["name"]), None, case_id)
        item = CatalogueItem(code=new_code or _next_code(uow, owner), organisation_id=owner.id)
        uow.add(item)
        return _add(uow, item, ADD, item_form.columns(values), case_id)
    item = _mine(uow, code, owners)
    _require_name_free(uow, item.organisation_id, str(values["name"]), item.id, case_id)
    return _replace(uow, item, CHANGE, item_form.columns(values), case_id)


def draft_removal(uow: UnitOfWork, code: str, *, case_id: str | None = None) -> CatalogueRevision:
    """Draft that an item leaves the catalogue. Raises as ``draft`` does."""
    item = _mine(uow, code, drafting_for(uow, case_id))
    current = current_revision(uow, item.id)
    if current is None:
        raise ItemUnknown(code=code)
    return _replace(uow, item, REMOVE, {name: getattr(current, name) for name in item_form.columns({})}, case_id)


def drop(uow: UnitOfWork, revision_id: str) -> None:
    """Take back a draft of the actor's house: of a case while it waits there, or a proposal."""
    said = _drafted(uow, revision_id)
    _mine_by_id(uow, said.item_id, drafting_for(uow, said.case_id))
    _settle(uow, said, DISCARDED)
    audit.record(uow, "catalogue.draft_dropped", said.case_id, stream=_stream(said.case_id), revision=said.id)


def drafting_for(uow: UnitOfWork, case_id: str | None) -> frozenset[str] | None:
    """For which organisations (ids) the actor may draft, in a case or outside; ``None`` is all. Raises NotYourCatalogue."""
    if uow.actor.kind == "system":
        return None
    houses = uow.actor.organisations(HANDLER, UNIT_HEAD) if uow.actor.duty != "administrator" else frozenset()
    if case_id is not None:
        process.lock_row(uow, case_id)
        houses = houses & waits_at(uow, case_id)
    if not houses:
        raise NotYourCatalogue()
    return houses


def waits_at(reading: Reading, case_id: str) -> frozenset[str]:
    """The organisations of the actor at which work of theirs on a case waits."""
    waiting = select(Task.organisation_id).where(
        col(Task.case_id) == case_id,
        col(Task.state) == "open",
        col(Task.role).in_((HANDLER, UNIT_HEAD)),
        workable_tasks(reading.actor),
    )
    return frozenset(house for house in reading.session.exec(waiting) if house)


def may_draft(reading: Reading, case_id: str) -> bool:
    """Whether the actor may draft items for a case now."""
    return bool(waits_at(reading, case_id) & reading.actor.organisations(HANDLER, UNIT_HEAD))


def drafts(reading: Reading, case_id: str) -> list[CatalogueRevision]:
    """What is drafted for a case, in the order in which it was."""
    found = select(CatalogueRevision).where(
        col(CatalogueRevision.case_id) == case_id, col(CatalogueRevision.state) == DRAFTED
    )
    return list(reading.session.exec(found.order_by(col(CatalogueRevision.drafted_at), col(CatalogueRevision.id))))


def faults(reading: Reading, said: CatalogueRevision) -> list[str]:
    """Why a draft cannot be adopted as it stands, as sentences in the reader's language; nothing when it can."""
    zh = reading.actor.locale.startswith("zh")
    found: list[str] = []
    if said.change != REMOVE:
        found = [
            p.sentence("zh" if zh else "en") for p in item_form.problems(reading.settings, item_form.answers(said))
        ]
        taken = _name_taken(
            reading, reading.session.get_one(CatalogueItem, said.item_id).organisation_id, said.name, said.item_id
        )
        if taken:
            found.append(NameTaken(name=said.name, code=taken).sentence("zh" if zh else "en"))
    current = current_revision(reading, said.item_id)
    if current is not None and current.number > said.number:
        found.append(
            "该目录项在起草以后已有新的修订，请重新起草"
            if zh
            else "The item was changed after this was drafted: draft it anew"
        )
    return found


def current_revision(reading: Reading, item_id: str) -> CatalogueRevision | None:
    """What is said of an item now."""
    found = select(CatalogueRevision).where(
        col(CatalogueRevision.item_id) == item_id, col(CatalogueRevision.state) == CURRENT
    )
    return reading.session.exec(found).first()


# ---------------------------------------------------------------- proposals, outside a case


def agree(uow: UnitOfWork, revision_id: str) -> CatalogueRevision:
    """The head of a unit of the owner makes a proposal current. Raises RevisionUnknown, SamePerson, RevisionsFaulty."""
    said = _proposal(uow, revision_id)
    if said.drafted_by == str(uow.actor):
        raise SamePerson()
    if faults(uow, said):
        raise RevisionsFaulty(count=1)
    become_current(uow, said, publish=False)
    audit.record(uow, "catalogue.proposal_adopted", stream=STREAM, revision=said.id)
    return said


def refuse(uow: UnitOfWork, revision_id: str) -> None:
    """The head of a unit of the owner discards a proposal. Raises RevisionUnknown."""
    said = _proposal(uow, revision_id)
    _settle(uow, said, DISCARDED)
    audit.record(uow, "catalogue.proposal_discarded", stream=STREAM, revision=said.id)


def _proposal(uow: UnitOfWork, revision_id: str) -> CatalogueRevision:
    said = _drafted(uow, revision_id)
    owner = uow.session.get_one(CatalogueItem, said.item_id).organisation_id
    heads = uow.actor.kind == "system" or owner in uow.actor.organisations(UNIT_HEAD)
    if said.case_id is not None or not heads or uow.actor.duty == "administrator":
        raise RevisionUnknown()
    return said


def renewed(uow: UnitOfWork, code: str) -> None:
    """The owner tells that the data of an item were renewed now (Art. 12). Raises ItemUnknown, NotYourCatalogue."""
    item = _mine(uow, code, drafting_for(uow, None))
    item.updated_at = uow.now
    uow.add(item)
    audit.record(uow, "catalogue.renewed", stream=STREAM, item=item.id)


# ---------------------------------------------------------------- what a process may do (operations)


def look(uow: UnitOfWork, run: Run, call: Call) -> Done:
    """``catalogue.look``: what the catalogue says of an item, or said last; ``item_unknown`` where it never had that code."""
    return Done(items.described(*asked(uow, call)))


def open_item(uow: UnitOfWork, run: Run, call: Call) -> Done:
    """``catalogue.open``: record that a dataset is open; the catalogue then knows its format, address and update frequency.

    ``part`` names the participant whose dataset it is, ``item`` its code, where it is in the catalogue under another name; an
    item that has left the catalogue is in it again. One of another organisation, since the case was handed on, stays as it is:
    then the name decides. Source: Art. 19 (machine-readable, online).
    """
    part = call.params.get("part", PROVIDER)
    owner = run.participants.get(part)
    if owner is None:
        raise process.PartVacant(part=part)
    name = call.params["name"]
    named = items.last(uow, str(call.params.get("item")))
    found = named if named and named[2].id == owner.id else _of_name(uow, owner.id, name)
    if found is None:
        uow.take_turns(f"catalogue:{owner.id}")
        item = CatalogueItem(code=_next_code(uow, owner), organisation_id=owner.id)
        uow.add(item)
        known: dict[str, Any] = {"name": name, "sharing": "unconditional"}
    else:
        item = found[0]
        known = {column: getattr(found[1], column) for column in item_form.columns({})}
    known |= {"opening": "open", "exemption": "", "format": call.params["format"], "url": call.params["url"] or ""}
    known["update_frequency"] = call.params["update_frequency"] or ""
    said = _add(uow, item, CHANGE, known, run.case.id)
    become_current(uow, said, publish=True)
    item.updated_at, item.removed_at = uow.now, None
    uow.add(item)
    audit.record(uow, "catalogue.opened", run.case.id, item=item.id, organisation=owner.code)
    return Done({"item": item.code})


def survey(uow: UnitOfWork, run: Run, call: Call) -> Done:
    """``catalogue.survey``: how many revisions are drafted for the case, and how many of them cannot be adopted."""
    return Done(surveyed(uow, run.case.id))


def surveyed(reading: Reading, case_id: str) -> dict[str, int]:
    """How many revisions are drafted for a case (``drafted``), and how many of them cannot be adopted (``faults``)."""
    found = drafts(reading, case_id)
    return {"drafted": len(found), "faults": sum(bool(faults(reading, said)) for said in found)}


def adopt(uow: UnitOfWork, run: Run, call: Call) -> Done:
    """``catalogue.adopt``: what was drafted for the case becomes current, with ``publish`` also to the public."""
    return Done({"adopted": adopt_drafts(uow, run, publish=call.params["publish"])})


def adopt_drafts(uow: UnitOfWork, run: Run, *, publish: bool) -> int:
    """All of it or nothing; raises RevisionsFaulty."""
    found = drafts(uow, run.case.id)
    faulty = sum(bool(faults(uow, said)) for said in found)
    if faulty:
        raise RevisionsFaulty(count=faulty)
    for said in found:
        become_current(uow, said, publish=publish)
    if found:
        audit.record(uow, "catalogue.adopted", run.case.id, revisions=[said.id for said in found], published=publish)
    return len(found)


def discard(uow: UnitOfWork, run: Run, call: Call) -> Done:
    """``catalogue.discard``: what was drafted for the case falls away."""
    found = drafts(uow, run.case.id)
    for said in found:
        _settle(uow, said, DISCARDED)
    if found:
        audit.record(uow, "catalogue.discarded", run.case.id, revisions=[said.id for said in found])
    return Done({"discarded": len(found)})


def asked(uow: UnitOfWork, call: Call) -> items.Row:
    """The item that an operation names, though it may have left the catalogue; raises the business error ``item_unknown``."""
    found = items.last(uow, str(call.params["item"] or ""))
    if found is None:
        raise BusinessError("item_unknown", item=call.params["item"])
    return found


# ---------------------------------------------------------------- how a revision becomes current


def become_current(uow: UnitOfWork, said: CatalogueRevision, *, publish: bool) -> None:
    """A draft takes the place of what was said of the item before; a removal leaves nothing."""
    item = uow.session.get_one(CatalogueItem, said.item_id)
    before = current_revision(uow, item.id)
    if before is not None:
        before.state = SUPERSEDED
        uow.add(before)
    _settle(uow, said, REMOVED if said.change == REMOVE else CURRENT)
    if said.change == REMOVE:
        item.removed_at = uow.now
    elif said.opening == "open" and item.opened_at is None:
        item.opened_at, item.updated_at = uow.now, uow.now
    uow.add(item)
    if publish:
        show(uow, item.id, said if said.state == CURRENT else None)


def show(uow: UnitOfWork, item_id: str, said: CatalogueRevision | None) -> None:
    """The public sees this revision of an item from now on, or nothing of it."""
    shown = select(CatalogueRevision).where(
        col(CatalogueRevision.item_id) == item_id, col(CatalogueRevision.shown).is_(True)
    )
    for former in uow.session.exec(shown):
        former.shown = False
        uow.add(former)
    if said is not None:
        said.shown, said.published_at = True, said.published_at or uow.now
        uow.add(said)


def _settle(uow: UnitOfWork, said: CatalogueRevision, state: str) -> None:
    said.state, said.settled_at, said.settled_by = state, uow.now, str(uow.actor)
    uow.add(said)


# ---------------------------------------------------------------- the parts


def _add(
    uow: UnitOfWork, item: CatalogueItem, change: str, columns: Mapping[str, Any], case_id: str | None
) -> CatalogueRevision:
    last = select(func.max(CatalogueRevision.number)).where(col(CatalogueRevision.item_id) == item.id)
    number = (uow.session.exec(last).one() or 0) + 1
    said = CatalogueRevision(
        item_id=item.id,
        number=number,
        change=change,
        case_id=case_id,
        drafted_at=uow.now,
        drafted_by=str(uow.actor),
        **columns,
    )
    uow.add(said)
    audit.record(
        uow, "catalogue.drafted", case_id, stream=_stream(case_id), item=item.id, change=change, revision=said.id
    )
    return said


def _replace(
    uow: UnitOfWork, item: CatalogueItem, change: str, columns: Mapping[str, Any], case_id: str | None
) -> CatalogueRevision:
    """The draft of an item: there is one at a time; one of the same case is thought over again."""
    waiting = select(CatalogueRevision).where(
        col(CatalogueRevision.item_id) == item.id, col(CatalogueRevision.state) == DRAFTED
    )
    former = uow.session.exec(waiting.with_for_update()).first()
    if former is None:
        return _add(uow, item, change, columns, case_id)
    if former.case_id != case_id:
        case = uow.session.get(Case, former.case_id) if former.case_id else None
        where, where_zh = (case.reference, case.reference) if case else ("a proposal", "目录修订建议")
        raise ItemInHand(code=item.code, where=where, where_zh=where_zh)
    if former.change == ADD:
        change = ADD
    for name, value in columns.items():
        setattr(former, name, value)
    former.change, former.drafted_at, former.drafted_by = change, uow.now, str(uow.actor)
    uow.add(former)
    audit.record(
        uow, "catalogue.drafted", case_id, stream=_stream(case_id), item=item.id, change=change, revision=former.id
    )
    return former


def _stream(case_id: str | None) -> str | None:
    return None if case_id else STREAM


def _owner(uow: UnitOfWork, owners: frozenset[str] | None, code: str | None) -> Organisation:
    if owners is None and code is None:
        raise OwnerUnsaid()
    houses = select(Organisation).where(col(Organisation.active).is_(True)).order_by(col(Organisation.code))
    if owners is not None:
        houses = houses.where(col(Organisation.id).in_(sorted(owners)))
    if code is not None:
        houses = houses.where(col(Organisation.code) == code)
    found = uow.session.exec(houses.limit(1)).first()
    if found is None:
        raise OwnerUnsaid() if owners is None else NotYourCatalogue()
    return found


def _mine(uow: UnitOfWork, code: str, owners: frozenset[str] | None) -> CatalogueItem:
    """An item of the actor's house, locked; raises ItemUnknown."""
    found = select(CatalogueItem).where(col(CatalogueItem.code) == code, col(CatalogueItem.removed_at).is_(None))
    if owners is not None:
        found = found.where(col(CatalogueItem.organisation_id).in_(sorted(owners)))
    item = uow.session.exec(found.with_for_update()).first()
    if item is None:
        raise ItemUnknown(code=code[: items.LONGEST_CODE])
    return item


def _mine_by_id(uow: UnitOfWork, item_id: str, owners: frozenset[str] | None) -> None:
    if owners is not None and uow.session.get_one(CatalogueItem, item_id).organisation_id not in owners:
        raise RevisionUnknown()


def _drafted(uow: UnitOfWork, revision_id: str) -> CatalogueRevision:
    said = uow.session.exec(
        select(CatalogueRevision)
        .where(col(CatalogueRevision.id) == revision_id, col(CatalogueRevision.state) == DRAFTED)
        .with_for_update()
    ).first()
    if said is None:
        raise RevisionUnknown()
    return said


def _require_name_free(reading: Reading, owner_id: str, name: str, item_id: str | None, case_id: str | None) -> None:
    """No other item has this name, or would get it: by the same case, or by what is proposed outside of cases."""
    drafted = and_(col(CatalogueRevision.state) == DRAFTED, col(CatalogueRevision.case_id) == case_id)
    taken = _name_taken(reading, owner_id, name, item_id, and_(drafted, col(CatalogueRevision.change) != REMOVE))
    if taken is not None:
        raise NameTaken(name=name, code=taken)


def _name_taken(
    reading: Reading, owner_id: str, name: str, item_id: str | None, drafted: ColumnElement[bool] | None = None
) -> str | None:
    """The code of another item of the owner that has this name now, or in a draft that is looked at as well."""
    current = col(CatalogueRevision.state) == CURRENT
    same = (
        select(CatalogueItem.code)
        .join(CatalogueRevision, col(CatalogueRevision.item_id) == col(CatalogueItem.id))
        .where(
            col(CatalogueItem.organisation_id) == owner_id,
            current if drafted is None else or_(current, drafted),
            col(CatalogueRevision.name) == name,
        )
    )
    if item_id is not None:
        same = same.where(col(CatalogueItem.id) != item_id)
    return reading.session.exec(same.order_by(col(CatalogueItem.code)).limit(1)).first()


def _of_name(reading: Reading, owner_id: str, name: str) -> items.Row | None:
    code = _name_taken(reading, owner_id, name, None)
    return items.find(reading, code) if code else None


def _next_code(uow: UnitOfWork, owner: Organisation) -> str:
    """The next code of an organisation; one is never given twice."""
    codes = uow.session.exec(select(CatalogueItem.code).where(col(CatalogueItem.organisation_id) == owner.id))
    tails = (code.removeprefix(f"{owner.code}-") for code in codes)
    last = max((int(tail) for tail in tails if tail.isdecimal()), default=0)
    return f"{owner.code}-{last + 1:04d}"
