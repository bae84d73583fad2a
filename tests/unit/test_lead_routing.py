"""To whom a lead goes: the body that may act, by the two relations between organisations."""

import pytest

from engine.lead_routing import Ties, route

GUIDES = {"agency": ("bureau",), "district_bureau": ("bureau",), "orphan": ("silent_bureau",)}
SUPERIORS = {
    "agency": ("city",),
    "bureau": ("city",),
    "district_bureau": ("district",),
    "district": ("city",),
    "village": ("district",),
    "ring": ("ring_too",),
    "ring_too": ("ring",),
}


def routed(respondent: str, *staffed: str) -> str | None:
    return route(respondent, Ties(GUIDES, SUPERIORS, frozenset(staffed)))


@pytest.mark.parametrize(
    ("respondent", "staffed", "organ"),
    [
        ("agency", ("bureau", "city"), "bureau"),
        ("agency", ("city",), "city"),
        ("bureau", ("bureau", "city"), "city"),
        ("district_bureau", ("bureau", "city", "district"), "bureau"),
        ("district_bureau", ("district",), "district"),
        ("district_bureau", ("city",), "city"),
        ("village", ("city",), "city"),
        ("city", ("city",), None),
        ("agency", (), None),
        ("ring", ("ring",), None),
    ],
)
def test_a_lead_goes_to_the_body_that_may_act(respondent: str, staffed: tuple[str, ...], organ: str | None) -> None:
    assert routed(respondent, *staffed) == organ


@pytest.mark.parametrize(
    ("respondent", "staffed", "organ"),
    [
        ("city", ("city", "overseer"), "overseer"),
        ("city", ("city",), None),
        ("overseer", ("overseer",), None),
        ("agency", ("overseer",), None),  # its superiors have no supervisor: somebody is to name one
    ],
)
def test_against_whom_nobody_stands_above_the_supervisory_organ_acts(
    respondent: str, staffed: tuple[str, ...], organ: str | None
) -> None:
    assert route(respondent, Ties(GUIDES, SUPERIORS, frozenset(staffed), ("overseer",))) == organ
