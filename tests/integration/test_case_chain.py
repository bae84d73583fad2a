"""Cases hang together over any number of steps, both ways; what one may not see is counted, and sometimes not even that."""

from itertools import pairwise

import pytest
from sqlmodel import col, select

from api import chain_picture
from engine import link_kinds, process
from engine.access import NOTHING, OWN, SYSTEM, Actor, visible_cases
from engine.models import Case, CaseLink, Organisation, Participant
from engine.queries import case_chain
from engine.queries.case_chain import CaseChain
from tests.factories import World

TRANSPORT, SCHOOLS, BUREAU = "gy-jtw", "gy-jyj", "gy-sjj"


def filed(world: World, agency: str = TRANSPORT) -> str:
    """A case of an agency."""
    return world.submit(agency=agency).case_id


def link(world: World, *links: tuple[str, str, str]) -> None:
    with world.database.unit_of_work(SYSTEM) as uow:
        uow.add(*(CaseLink(from_id=origin, to_id=later, kind=kind, at=uow.now) for origin, later, kind in links))


def take_part(world: World, case_id: str, code: str, sees: str) -> None:
    """An organisation plays the part of a respondent, which sees its own only."""
    with world.database.unit_of_work(SYSTEM) as uow:
        house = uow.session.exec(select(Organisation).where(col(Organisation.code) == code)).one()
        uow.add(Participant(case_id=case_id, part="respondent", organisation_id=house.id, sees=sees, since=uow.now))


def seen(world: World, actor: Actor, case_id: str) -> CaseChain:
    with world.database.reading(SYSTEM) as reading:
        reference = reading.session.get_one(Case, case_id).reference
    with world.database.reading(actor) as reading:
        return case_chain.case_chain(reading, reference)


def test_a_chain_is_followed_both_ways_over_any_number_of_steps(world: World) -> None:
    ids = [filed(world) for _ in range(5)]
    pairs = pairwise(ids)
    link(world, *((origin, later, "review") for origin, later in pairs), (ids[0], ids[3], "lead"))
    for start in (ids[0], ids[2], ids[4]):
        chain = seen(world, world.member(TRANSPORT, "case_handler", login=start), start)
        assert [case.is_this for case in chain.cases] == [i == start for i in ids]
        assert (len(chain.links), chain.hidden, chain.cut) == (5, 0, False)
        picture = chain_picture.drawn(chain, "zh")
        assert picture.count("申请复核") == 4
        assert picture.count("监督线索") == 1
    came_out_of = {link.title for link, _ in chain.origins(chain.cases[3].reference)}
    assert came_out_of == {"申请复核", "监督线索"}


def test_what_others_handle_is_counted_and_not_gone_beyond(world: World) -> None:
    mine, theirs, beyond = filed(world), filed(world, SCHOOLS), filed(world)
    link(world, (mine, theirs, "review"), (theirs, beyond, "review"))
    handler = world.member(TRANSPORT, "case_handler")
    chain = seen(world, handler, mine)
    assert (len(chain.cases), chain.links, chain.hidden) == (1, (), 1)
    with world.database.reading(handler) as reading:
        assert case_chain.numbers(reading, [mine]) == {}
        found = select(Case.id).where(visible_cases(handler), case_chain.is_linked(reading))
        assert reading.session.exec(found).all() == []
    bureau = world.member(BUREAU, "case_handler")
    assert len(seen(world, bureau, mine).cases) == 3
    with world.database.reading(bureau) as reading:
        assert case_chain.numbers(reading, [mine, theirs]) == {mine: 1, theirs: 2}


def test_a_house_is_not_told_that_something_about_it_is_being_looked_into(world: World) -> None:
    """A lead or a complaint against an agency hangs on a case that the agency handles: even its number would tell."""
    mine, against = filed(world), filed(world, SCHOOLS)
    link(world, (mine, against, "complaint"))
    take_part(world, against, TRANSPORT, NOTHING)
    handler = world.member(TRANSPORT, "case_handler")
    assert seen(world, handler, mine).hidden == 0
    with world.database.unit_of_work(SYSTEM) as uow:  # a paper has reached it
        row = uow.session.exec(select(Participant).where(col(Participant.sees) == NOTHING)).one()
        row.sees = OWN
        uow.add(row)
    secret = filed(world, SCHOOLS)
    link(world, (against, secret, "rectification"))
    chain = seen(world, handler, mine)
    assert (len(chain.cases), chain.hidden) == (2, 0)  # of a case of which they see their own only, no more is told
    with pytest.raises(process.CaseNotFound):
        seen(world, handler, secret)


def test_a_long_chain_is_cut_and_says_so(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(case_chain, "MOST", 2)
    ids = [filed(world) for _ in range(4)]
    link(world, *((ids[0], later, "merged") for later in ids[1:]))
    chain = seen(world, world.member(TRANSPORT, "case_handler"), ids[0])
    assert (len(chain.cases), len(chain.links), chain.cut) == (2, 1, True)


def test_every_kind_of_link_has_a_name_in_both_languages(world: World) -> None:
    settings = world.database.settings
    assert {"review", "coordination", "lead", "merged"} <= link_kinds.known(settings)
    assert link_kinds.title(settings, "review", "zh") == "申请复核"
    assert link_kinds.title(settings, "review", "en") == "Review"
    assert link_kinds.title(settings, "from_elsewhere", "zh") == "from_elsewhere"
