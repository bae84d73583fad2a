"""What goes to a body that is complained about, or to other organs: what was written for them, never the original."""

import json

from engine.definitions import Bundle
from engine.runtime.expressions import names_read
from engine.settings import ROOT
from notices.sample import bundle_of

HARMLESS = {"kind"}  # whether it is a complaint or a report


def complaint() -> Bundle:
    return bundle_of(ROOT / "bpmn" / "complaint")


def filed(bundle: Bundle) -> set[str]:
    """What the complainant wrote."""
    start = json.loads(bundle.words[f"forms/{bundle.manifest.process.start_form}.schema.json"])
    return set(start["properties"]) - HARMLESS


def test_no_paper_to_an_organ_holds_a_word_of_the_original() -> None:
    bundle = complaint()
    outward = [name for name in bundle.notices() if bundle.notice(name).addressee in bundle.manifest.participants]
    assert {"inquiry_letter", "respondent_letter", "transfer_letter", "assignment_notice"} <= set(outward)
    for name in outward:
        rule = bundle.notice(name)
        read = {found for expression in rule.facts.values() for found in names_read(expression)}
        assert not read & (filed(bundle) | set(bundle.manifest.parties)), name
        assert not rule.carries_query_code
        assert "case.subject" not in rule.facts.values(), name


def test_who_complains_is_sealed_and_the_respondent_sees_its_own_only() -> None:
    manifest = complaint().manifest
    assert manifest.process.confidential
    assert manifest.parties["complainant"].sealed
    for part in ("respondent", "city_data_bureau", "supervisory_organ", "receiving_organ"):
        assert manifest.participants[part].sees == "own", part


def test_no_limit_on_complaints_is_shown_as_one_of_the_law() -> None:
    assert {rule.basis for rule in complaint().manifest.deadlines.values()} == {"internal"}
