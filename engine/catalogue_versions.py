"""Numbered catalogues of an organisation (Art. 11): compiled from its items, and published where they are for the public.

Sharing and open catalogues are published; the resource catalogue, which also names what is neither shared nor open, never is.
"""

from typing import Any

from sqlalchemy import ColumnElement, func
from sqlmodel import col, select

from engine import audit, catalogue, process
from engine.db import Reading, UnitOfWork
from engine.items import CURRENT, DRAFTED
from engine.models import CatalogueItem, CatalogueRevision, CatalogueVersion, CatalogueVersionItem, Organisation
from engine.operations import BusinessError, Call, Done
from engine.process import Run

COMPILED, PUBLISHED = "compiled", "published"
RESOURCE, SHARING, OPEN = KINDS = ("resource", "sharing", "open")
HOLDS: dict[str, tuple[ColumnElement[bool], ...]] = {  # which items a catalogue lists
    RESOURCE: (),
    SHARING: (col(CatalogueRevision.sharing) != "none",),
    OPEN: (col(CatalogueRevision.opening) != "closed",),
}


def perform_compile(uow: UnitOfWork, run: Run, call: Call) -> Done:
    """``catalogue.compile``: a numbered version of the part's organisation, from its items with what the case has drafted."""
    part, kind = call.params["part"], call.params["kind"]
    owner = run.participants.get(part)
    if owner is None:
        raise process.PartVacant(part=part)
    version, count = _compile(uow, run, owner, kind)
    return Done({"version": version.number, "items": count})


def _compile(uow: UnitOfWork, run: Run, owner: Organisation, kind: str) -> tuple[CatalogueVersion, int]:
    uow.take_turns(f"catalogue:{owner.id}")
    same = (col(CatalogueVersion.organisation_id) == owner.id, col(CatalogueVersion.kind) == kind)
    version = uow.session.exec(  # compiled once more in the same case, it is the same version until it is published
        select(CatalogueVersion).where(*same, col(CatalogueVersion.case_id) == run.case.id, _unpublished())
    ).first()
    if version is None:
        last = uow.session.exec(select(func.max(CatalogueVersion.number)).where(*same)).one() or 0
        version = CatalogueVersion(
            organisation_id=owner.id, kind=kind, number=last + 1, case_id=run.case.id, compiled_at=uow.now
        )
        uow.add(version)
    else:
        version.compiled_at = uow.now
        for row in uow.session.exec(
            select(CatalogueVersionItem).where(col(CatalogueVersionItem.version_id) == version.id)
        ):
            uow.session.delete(row)
        uow.session.flush()
    listed = _listed(uow, run.case.id, owner.id, kind)
    uow.append(CatalogueVersionItem, [{"version_id": version.id, "revision_id": said.id} for said in listed])
    audit.record(
        uow,
        "catalogue.compiled",
        run.case.id,
        organisation=owner.code,
        kind=kind,
        number=version.number,
        items=len(listed),
    )
    return version, len(listed)


def _listed(reading: Reading, case_id: str, owner_id: str, kind: str) -> list[CatalogueRevision]:
    """The organisation's items as they will be when the drafts of the case are adopted."""
    of_owner = (
        select(CatalogueRevision)
        .join(CatalogueItem, col(CatalogueItem.id) == col(CatalogueRevision.item_id))
        .where(col(CatalogueItem.organisation_id) == owner_id)
        .order_by(col(CatalogueItem.code))
    )
    drafted = (col(CatalogueRevision.state) == DRAFTED, col(CatalogueRevision.case_id) == case_id)
    anew = {said.item_id for said in reading.session.exec(of_owner.where(*drafted))}
    fresh = reading.session.exec(
        of_owner.where(*drafted, col(CatalogueRevision.change) != catalogue.REMOVE, *HOLDS[kind])
    )
    kept = reading.session.exec(of_owner.where(col(CatalogueRevision.state) == CURRENT, *HOLDS[kind]))
    return [*fresh, *(said for said in kept if said.item_id not in anew)]


def perform_publish(uow: UnitOfWork, run: Run, call: Call) -> Done:
    """``catalogue.publish``: publish what was compiled in this case; its drafts are adopted by the way.

    The business error ``not_for_publication`` where a resource catalogue, or nothing, was compiled.
    """
    version = uow.session.exec(
        select(CatalogueVersion)
        .where(col(CatalogueVersion.case_id) == run.case.id, _unpublished(), col(CatalogueVersion.kind) != RESOURCE)
        .order_by(col(CatalogueVersion.compiled_at).desc())
        .limit(1)
    ).first()
    if version is None:
        raise BusinessError("not_for_publication")
    catalogue.adopt_drafts(uow, run, publish=True)
    version.state, version.published_at = PUBLISHED, uow.now
    uow.add(version)
    listed = revisions(uow, version.id)
    for said in listed:
        if said.state == CURRENT and not said.shown:
            catalogue.show(uow, said.item_id, said)
    _withdraw_missing(uow, version, {said.item_id for said in listed})
    audit.record(uow, "catalogue.published", run.case.id, kind=version.kind, number=version.number, items=len(listed))
    return Done({"version": version.number, "items": len(listed)})


def _withdraw_missing(uow: UnitOfWork, version: CatalogueVersion, listed: set[str]) -> None:
    """What has left the catalogues that are published is no longer shown to the public."""
    shown = (
        select(CatalogueRevision)
        .join(CatalogueItem, col(CatalogueItem.id) == col(CatalogueRevision.item_id))
        .where(
            col(CatalogueItem.organisation_id) == version.organisation_id,
            col(CatalogueRevision.shown).is_(True),
            *HOLDS[version.kind],
        )
    )
    for said in uow.session.exec(shown).all():
        current = catalogue.current_revision(uow, said.item_id)
        gone = current is None or (current.sharing == "none" and current.opening == "closed")
        if gone and said.item_id not in listed:
            catalogue.show(uow, said.item_id, None)


def revisions(reading: Reading, version_id: str) -> list[CatalogueRevision]:
    """What a version lists."""
    found = (
        select(CatalogueRevision)
        .join(CatalogueVersionItem, col(CatalogueVersionItem.revision_id) == col(CatalogueRevision.id))
        .where(col(CatalogueVersionItem.version_id) == version_id)
    )
    return list(reading.session.exec(found))


def _unpublished() -> Any:
    return col(CatalogueVersion.state) == COMPILED
