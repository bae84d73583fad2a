"""What the gate asks of declarations: nobody waits without a clock, and every name can be kept."""

import pytest

from engine.models import StepRecord, Task, Timer
from engine.name_lint import longest
from engine.runtime import Fault
from engine.runtime.reader import LONGEST_ID
from tests.drawing import TERMINATE, end, exclusive, parallel, service
from tests.unit.test_lint import LANES, bundle, found, judged

CLOCK = """
[deadlines.{name}]
title = "x"
title_en = "x"
days = 5
basis = "internal"
owed_by = "{owed_by}"
starts_on = "{starts}"
stops_on = ["{stops}"]
"""


def with_declarations(files: dict[str, bytes], *changes: tuple[str, str], more: str = "") -> list[Fault]:
    text = files["process.toml"].decode()
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    return judged(files | {"process.toml": (text + more).encode()})


def clock(name: str, owed_by: str = "agency", starts: str = "case.submitted", stops: str = "case.agreed") -> str:
    return CLOCK.format(name=name, owed_by=owed_by, starts=starts, stops=stops)


# ------------------------------------------------------------------------------------------------ clocks


def test_whoever_files_and_is_owed_an_answer_has_a_clock_from_that_day_on() -> None:
    """By a clock of the applicant, or one that starts later, nobody would notice silence from the first day."""
    for change in (('owed_by = "agency"', 'owed_by = "applicant"'), ('"case.submitted"', '"case.agreed"')):
        faults = with_declarations(bundle(), change)
        assert found(faults, "deadlines", "no clock of an organisation starts on case.submitted"), faults


def test_a_second_clock_from_the_filing_is_enough() -> None:
    """The review of a decision: five days to accept it from the filing, ten to decide from the acceptance."""
    changes = ('"case.submitted"', '"case.agreed"')
    assert with_declarations(bundle(), changes, more=clock("acceptance", stops="notice.issued:reply")) == []


def test_where_nobody_is_owed_an_answer_no_clock_is_asked_for() -> None:
    """Organisations among themselves, with nothing but slips: the catalogue is published when it is ready."""
    changes = [('subject = "dataset"', 'subject = "dataset"\napplicants = "organisation"')]
    silent = [*changes, ('owed_by = "agency"', 'owed_by = "applicant"')]
    assert with_declarations(bundle(), *silent) == []
    files = bundle()
    letter = files["notices/reply/notice.toml"].replace(b'"slip"', '"letter"\nseries = "许"'.encode())
    faults = with_declarations(files | {"notices/reply/notice.toml": letter}, *silent)
    assert found(faults, "deadlines", "owed an answer")


@pytest.mark.parametrize(
    ("starts", "stops", "part"),
    [
        ("notice.dispatched:reply", "case.agreed", None),
        ("message.received:withdraw", "case.agreed", None),
        ("case.transferred:agency", "case.agreed", "never starts"),
        ("notice.served:reply", "case.agreed", None),
        ("case.closed", "case.agreed", "never starts"),
        ("case.submitted", "case.transferred:agency", "never stops"),
        ("case.submitted", "notice.served:reply", None),
    ],
)
def test_a_clock_can_start_and_stop(starts: str, stops: str, part: str | None) -> None:
    faults = with_declarations(bundle(), more=clock("other", starts=starts, stops=stops))
    assert found(faults, "deadlines.other", part) if part else faults == []


def test_a_clock_that_stops_on_nothing_never_stops() -> None:
    faults = with_declarations(bundle(), ('["notice.dispatched:reply", "case.withdrawn"]', "[]"))
    assert found(faults, "deadlines.reply", "never stops")


def test_a_message_can_come_too_late() -> None:
    """One that is accepted until something that never happens would be accepted for ever."""
    for event in ("deadline.extended:reply", "case.transferred:agency"):
        faults = with_declarations(bundle(), ('until = "notice.issued:reply"', f'until = "{event}"'))
        assert found(faults, "messages.withdraw", f"is never refused: nothing makes {event} known")


def test_no_stage_waits_for_an_organisation_after_all_clocks_have_stopped() -> None:
    text = "start > review > issue > sign > decide > end; late > nag > end2"
    faults = judged(bundle(text))
    assert found(faults, "sign", "agency is waited for here, and no clock runs")
    assert not found(faults, "review", "is waited for")
    assert with_declarations(bundle(text), more=clock("signing", starts="notice.dispatched:reply")) == []


def test_a_way_that_still_has_its_clock_is_judged_kindly() -> None:
    text = "start > review > g; g [opinion] > issue > m > sign > decide > end; g [] > m; late > nag > end2"
    nodes = {"g": exclusive(), "m": exclusive()}
    lanes = {**LANES, "agency.leader": ["sign", "g", "m"]}
    assert judged(bundle(text, lanes, **nodes)) == []


def test_a_clock_that_another_branch_starts_counts() -> None:
    text = "start > review > issue > f > sign > j > decide > end; f > tell > j; late > nag > end2"
    lanes = {**LANES, "agency.leader": ["sign", "f", "j", "tell"]}
    nodes = {
        "f": parallel(),
        "j": parallel(),
        "tell": service("case.announce", event="'work.begun'"),
        "end2": end(TERMINATE),
    }
    assert with_declarations(bundle(text, lanes, **nodes), more=clock("work", starts="work.begun")) == []


def test_an_outcome_that_goes_on_to_fulfilment_has_a_clock_for_it() -> None:
    change = ("[outcomes.agreed]\n", '[outcomes.agreed]\nnext = "fulfilment"\n')
    assert found(with_declarations(bundle(), change), "outcomes.agreed", "goes on to fulfilment")
    later = clock("fulfilment", starts="case.agreed", stops="message.received:withdraw")
    assert with_declarations(bundle(), change, more=later) == []


# ------------------------------------------------------------------------------------------------ names


def test_ids_of_nodes_fit_the_columns_that_keep_them() -> None:
    assert min(longest(table, "node") for table in (StepRecord, Task, Timer)) >= LONGEST_ID


@pytest.mark.parametrize(
    ("old", "new", "element", "part"),
    [
        ("[deadlines.reply]", "[deadlines." + "x" * 65 + "]", "deadlines." + "x" * 65, "longer than 64"),
        ("[deadlines.reply]", '[deadlines."答复"]', "deadlines.答复", "is no name"),
        ("[participants.agency]", "[participants." + "x" * 41 + "]", "participants." + "x" * 41, "longer than 40"),
        ("[parties.applicant]", "[parties.Applicant]", "parties.Applicant", "is no name"),
        ('name = "withdraw"', f'name = "{"w" * 65}"', "messages." + "w" * 65, "longer than 64"),
        ("[outcomes.agreed]", "[outcomes." + "o" * 41 + "]", "outcomes." + "o" * 41, "longer than 40"),
        ('key = "work"', f'key = "{"k" * 41}"', "stages." + "k" * 41, "longer than 40"),
        ('status = "processing"', 'status = "being processed"', "stages.work", "is no name"),
        ('key = "permit"', f'key = "{"p" * 65}"', "process.key", "longer than 64"),
        ('reference_prefix = "XK"', 'reference_prefix = "xk"', "process.reference_prefix", "capital letters"),
        ('reference_prefix = "XK"', 'reference_prefix = "ABCDEFGHIJK"', "process.reference_prefix", "capital letters"),
        (
            'article = "21.1"\nowed_by',
            'article = "第二十一条第一款所称自申请之日起十日以内答复"\nowed_by',
            "deadlines.reply",
            "longer",
        ),
        ("days = 10", "days = 3661", "deadlines.reply", "more than 3660"),
        ("days = 10", "days = 10\nextension_days = -1", "deadlines.reply", "extension_days"),
    ],
)
def test_names_and_numbers_that_no_table_could_keep(old: str, new: str, element: str, part: str) -> None:
    faults = with_declarations(bundle(), (old, new))
    assert found(faults, element, part), faults


def test_a_process_has_a_party_that_files_it() -> None:
    table = '[parties.applicant]\ntitle = "申请人"\ntitle_en = "Applicant"\n'
    assert found(with_declarations(bundle(), (table, "[parties]\n")), "parties", "names nobody")


@pytest.mark.parametrize("path", ["stray.schema.json", "forms/审核.schema.json", "notices/reply/extra.toml", "x.toml"])
def test_a_file_that_no_bundle_has_is_named(path: str) -> None:
    assert [fault.file for fault in judged(bundle() | {path: b"{}"})] == [path]
