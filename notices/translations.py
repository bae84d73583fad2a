"""Courtesy translations: an issued paper in English, for whoever reads the Chinese one with difficulty.

A translation is a document of its own beside the paper, without seal, signature or force: the Chinese text prevails. It is made
by a job after the paper was issued, so that it never delays it, from the same frozen facts; where it fails there is an incident,
and the paper stands.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import or_
from sqlmodel import col, select

from engine import audit, definitions, documents, jobs, process
from engine.access import SYSTEM
from engine.db import Database, Reading, UnitOfWork
from engine.errors import NotFound
from engine.models import Case, Notice, Organisation, Participant, Party
from engine.operations import JobTicket
from engine.process import Run
from engine.queries.files import translation_job
from notices import service
from notices.paper import Paper, UncoveredCharacters, spelled
from notices.render import render

JOB = "notice.translate"
PDF = "application/pdf"


class NoTranslation(NotFound):
    """There is no English translation of this notice."""

    zh = "这份文书没有英文译本。"


class TranslationNotAsked(NotFound):
    """The English translation of this notice has not been made; ask for it first."""

    zh = "这份文书的英文译本尚未生成，请先申请。"


# ---------------------------------------------------------------- verbs


def after_typesetting(uow: UnitOfWork, run: Run, notice: Notice) -> None:
    """A party that filed in English gets a translation unasked."""
    party = uow.session.get(Party, notice.party_id) if notice.party_id else None
    if party is not None and party.locale.startswith("en") and run.bundle.has_translation(notice.name):
        _enqueue(uow, notice)


def ask(uow: UnitOfWork, notice_id: str) -> bool:
    """Have a translation made of a paper that one may see; gives whether it is there already. Raises NoticeNotFound,
    NoTranslation."""
    notice, _ = service.find(uow, notice_id)
    if notice.state != "issued" or not _bundle(uow, notice).has_translation(notice.name):
        raise NoTranslation()
    if notice.translation_id is None:
        _enqueue(uow, notice)
        audit.record(uow, "translation.asked", notice.case_id, notice=notice.id)
    return notice.translation_id is not None


def _enqueue(uow: UnitOfWork, notice: Notice) -> None:
    jobs.enqueue(uow, JOB, translation_job(notice.id), case_id=notice.case_id, notice=notice.id)


def pdf(reading: Reading, notice_id: str) -> tuple[str, bytes]:
    """File name and bytes of a translation; raises NoticeNotFound, NoTranslation, TranslationNotAsked."""
    notice, case = service.find(reading, notice_id)
    service.require_not_theirs(reading, notice)
    if notice.translation_id is not None:
        rule = _bundle(reading, notice).notice(notice.name)
        return f"{rule.title_en}-{case.reference}.pdf", service.bytes_of(reading, case, notice.translation_id)
    if notice.state != "issued" or not _bundle(reading, notice).has_translation(notice.name):
        raise NoTranslation()
    raise TranslationNotAsked()


# ---------------------------------------------------------------- the job


def make(database: Database, ticket: JobTicket) -> None:
    """Typeset the translation once and keep it beside the paper."""
    with database.reading(SYSTEM) as reading:
        notice = reading.session.get_one(Notice, ticket.payload["notice"])
        case = reading.session.get_one(Case, notice.case_id)
        wanted = paper(reading, notice, case) if notice.translation_id is None else None
    stored = documents.store_made(database.settings, "translation.pdf", PDF, _printed(wanted)) if wanted else None
    with database.unit_of_work() as uow:
        run = process.lock(uow, case.id)
        jobs.settle(uow, ticket)
        translated = uow.session.get_one(Notice, notice.id, populate_existing=True)
        if stored is not None and translated.translation_id is None:
            document = documents.attach(uow, case.id, run.key, stored, kind="translation")
            translated.translation_id = document.id
            uow.add(translated)
            audit.record(uow, "notice.translated", case.id, notice=notice.id, digest=document.digest)


def paper(reading: Reading, notice: Notice, case: Case) -> Paper:
    """The same paper in English: no seal, no signature, no facts for programs; organisations by their English names."""
    bundle = _bundle(reading, notice)
    original, names = service.paper(reading, notice, case), _english_names(reading, notice)
    return replace(
        original,
        template=bundle.template(notice.name, "en"),
        title=bundle.notice(notice.name).title_en,
        facts=_renamed(original.facts, names),
        organisation=names.get(original.organisation, original.organisation),
        addressee=names.get(original.addressee or "", original.addressee),
        lang="en",
        seal=False,
        signed=False,
        attached=None,
    )


def _printed(wanted: Paper) -> bytes:
    """A translation comes in any case, as its paper does."""
    try:
        return render(wanted)
    except UncoveredCharacters as error:
        return render(spelled(wanted, error.data["codes"]))


def _english_names(reading: Reading, notice: Notice) -> Mapping[str, str]:
    """The English names of the organisations that take or took part, by their Chinese ones."""
    part_of_case = select(col(Participant.organisation_id)).where(col(Participant.case_id) == notice.case_id)
    known = select(Organisation).where(
        or_(col(Organisation.id).in_(part_of_case), col(Organisation.id) == notice.organisation_id),
        col(Organisation.name_en) != "",
    )
    return {organisation.name: organisation.name_en for organisation in reading.session.exec(known)}


def _renamed(value: Any, names: Mapping[str, str]) -> Any:
    """Facts in which whole values that name an organisation are its English name."""
    if isinstance(value, str):
        return names.get(value, value)
    if isinstance(value, Mapping):
        return {key: _renamed(inner, names) for key, inner in value.items()}
    return [_renamed(inner, names) for inner in value] if isinstance(value, list | tuple) else value


def _bundle(reading: Reading, notice: Notice) -> definitions.Bundle:
    return definitions.with_presentation(reading, notice.presentation_id)
