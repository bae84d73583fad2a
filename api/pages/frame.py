"""What every page of the desk shows around its content: who is signed in, and where they may go."""

from dataclasses import dataclass

from api.deps import Door
from engine import colleagues, directory, holiday_notices, plans, printed_corrections
from engine.access import Actor
from engine.db import Reading
from engine.models import Person
from notices import register


@dataclass(frozen=True)
class Viewer:
    """The person in front of the screen."""

    id: str
    name: str
    organisation: str
    csrf: str
    home: str
    works: bool
    oversees: bool
    administers: bool
    heads: bool = False  # people, to whom they may give work
    registers: bool = False  # numbers of papers: they keep the register of an organisation
    plans: bool = False  # sees items of a yearly plan of opening
    posts: bool = False  # sees to letters of their organisation
    supervises: bool = False  # leads are theirs
    dates: bool = False  # there are due dates that wait for their decision, or will move


def viewer(reading: Reading, door: Door) -> Viewer:
    """Who is signed in, for the header of the page."""
    actor = reading.actor
    person = reading.session.get_one(Person, actor.id)
    memberships = directory.memberships(reading, person.id)
    return Viewer(
        id=person.id,
        name=person.name,
        organisation=memberships[0][0].short_name if memberships else "",
        csrf=door.csrf,
        home=home_of(actor),
        works=bool(actor.roles),
        oversees=actor.oversees,
        supervises=actor.supervises,
        administers=actor.duty == "administrator",
        heads=colleagues.heads(actor),
        registers=register.keeps(reading),
        plans=plans.any_seen(reading),
        posts=bool(actor.organisations("registrar")),
        dates=_has_dates(reading),
    )


def _has_dates(reading: Reading) -> bool:
    """Whether there is something to see on the page of dates; only for those who may decide there is anything asked."""
    if not (reading.actor.supervises or reading.actor.organisations(printed_corrections.LEADER)):
        return False
    return printed_corrections.any_waiting(reading) or bool(holiday_notices.proposed(reading))


def home_of(actor: Actor) -> str:
    """Where somebody begins: administrators with the machine, those who only supervise with the board, others at the desk."""
    if actor.duty == "administrator":
        return "/admin"
    only_supervises = actor.supervises and all(role == "supervisor" for _, role in actor.roles)
    return "/board" if only_supervises else "/desk"
