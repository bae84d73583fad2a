"""Organisations, and who you are."""

from fastapi import APIRouter

from api.deps import ApiAnyone, ApiPerson
from api.json.shapes import Shape
from engine import directory
from engine.models import Person

router = APIRouter(tags=["directory"])


class OrganisationShape(Shape):
    """An organisation that takes part in cases."""

    code: str
    name: str
    short_name: str
    name_en: str
    kind: str
    level: str


class RoleShape(Shape):
    """What somebody does in an organisation."""

    organisation: str
    organisation_name: str
    role: str
    unit: str


class MeShape(Shape):
    """Somebody who works here."""

    login: str
    name: str
    duty: str
    locale: str
    roles: list[RoleShape]


@router.get("/organisations", summary="The organisations")
def organisations(door: ApiAnyone) -> list[OrganisationShape]:
    """Everybody may know which there are."""
    with door.reading() as reading:
        return [OrganisationShape.model_validate(o) for o in directory.organisations(reading)]


@router.get("/me", summary="Who you are")
def me(door: ApiPerson) -> MeShape:
    """The person of your token, with the roles held now."""
    with door.reading() as reading:
        person = reading.session.get_one(Person, door.actor.id)
        held = directory.memberships(reading, person.id)
    roles = [RoleShape(organisation=o.code, organisation_name=o.name, role=m.role, unit=m.unit) for o, m in held]
    return MeShape(login=person.login, name=person.name, duty=person.duty, locale=person.locale, roles=roles)
