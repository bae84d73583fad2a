"""Every kind of case that the regulation knows passes the rule of clocks as its articles draw it, and no clock can be cheated."""

from dataclasses import dataclass

import pytest

from engine.runtime import Fault
from tests.bundles import MANIFEST, bundle
from tests.drawing import Drawn, call, process, service, with_diagram
from tests.unit.test_lint import found, judged

PAPER = '\ntitle = "文书"\ntitle_en = "Paper"\nissuer = "data_provider"\n[facts]\n'
OUTCOME = '[outcomes.decided]\ntitle = "办结"\ntitle_en = "Decided"\ntext = "x"\ntext_en = "x"\n'
DRAWN_CLOCK = MANIFEST[MANIFEST.index("[deadlines.reply]") :]
STAGES = """
[[stages]]
key = "work"
title = "办理"
title_en = "Work"
status = "in_progress"
nodes = {nodes}
text = "x"
text_en = "x"
waits_for = "data_provider"
"""


def clock(name: str, basis: str, starts: str, *stops: str) -> str:
    return (
        f'\n[deadlines.{name}]\ntitle = "期限"\ntitle_en = "Clock"\ndays = 10\nbasis = "{basis}"\narticle = "21.1"\n'
        f'owed_by = "data_provider"\nstarts_on = "{starts}"\nstops_on = {list(stops)}\n'
    )


@dataclass(frozen=True)
class Kind:
    """A kind of case: who begins it, its clocks, what happens in it (``say_x`` makes x known, ``issue`` sends the paper)."""

    public: bool
    clocks: str
    text: str
    form: str = "letter"
    addressee: str = "applicant"
    events: tuple[str, ...] = ()
    outcome: bool = True
    channels: str = '["portal"]'

    def faults(self) -> list[Fault]:
        nodes: dict[str, Drawn] = {
            f"say{n}": service("case.announce", event=f"'{e}'") for n, e in enumerate(self.events)
        }
        nodes |= {"issue": service("notice.issue", name="'paper'"), "close": service("case.close")}
        nodes |= {"decide": service("case.record_outcome", outcome="'decided'"), "transfer": call("handing_on")}
        files = bundle(self.text, **{name: drawn for name, drawn in nodes.items() if name in self.text.split()})
        manifest = files["process.toml"].decode().replace(DRAWN_CLOCK, self.clocks + (OUTCOME if self.outcome else ""))
        stages = [name for name in self.text.split() if name.startswith(("work", "accept", "serve"))]
        manifest += STAGES.format(nodes=stages)
        if not self.public:
            manifest = manifest.replace('start_form = "start"', 'start_form = "start"\napplicants = "organisation"')
        kind = f'form = "{self.form}"\naddressee = "{self.addressee}"\nchannels = {self.channels}\n'
        kind += 'series = "数复"\nautomatic = "试验"\n' if self.form != "slip" else ""
        return judged(
            files
            | {"process.toml": manifest.encode(), "notices/paper/notice.toml": (kind + PAPER).encode()}
            | {"notices/paper/body.html.j2": b"<p>x</p>", "notices/paper/sample.json": b"{}"}
            | ({"handing_on.bpmn": with_diagram(HANDING_ON)} if "transfer" in self.text else {})
        )


HANDING_ON = process(
    "t_start > hand_on > t_end",
    "handing_on",
    {"data_provider.case_handler": ["t_start", "hand_on", "t_end"]},
    hand_on=service("case.transfer", part="'data_provider'", organisation="agency"),
)
REPLY = clock("reply", "statutory", "case.submitted", "notice.dispatched:paper")
SENT = "start > work > issue > decide > close > end"
SAID = "start > work > say0 > work2 > say1 > close > end"

KINDS = {
    "share application, Art. 15(2)": Kind(False, REPLY, SENT),
    "coordination, Art. 15(3)": Kind(
        False, clock("target", "internal", "case.submitted", "notice.dispatched:paper"), SENT
    ),
    "open-data request, Art. 21(1)": Kind(True, REPLY, SENT),
    "review, Art. 21(2)": Kind(
        True,
        clock("acceptance", "internal", "case.submitted", "review.accepted")
        + clock("result", "statutory", "review.accepted", "notice.dispatched:paper"),
        "start > accept > say0 > work > issue > decide > close > end",
        events=("review.accepted",),
    ),
    "complaint, Art. 29": Kind(
        True,
        clock("acceptance", "internal", "case.submitted", "complaint.accepted")
        + clock("handling", "internal", "complaint.accepted", "notice.dispatched:paper"),
        "start > accept > say0 > work > issue > decide > close > end",
        events=("complaint.accepted",),
    ),
    "rectification order, Art. 30": Kind(
        False,
        clock("order", "ordered", "notice.served:paper", "order.fulfilled"),
        "start > work > issue > work2 > say0 > close > end",
        addressee="data_provider",
        events=("order.fulfilled",),
    ),
    "catalogue publication, Art. 11": Kind(
        False,
        clock("target", "internal", "catalogue.compiled", "catalogue.published"),
        SAID,
        form="file",
        addressee="data_provider",
        events=("catalogue.compiled", "catalogue.published"),
    ),
    "catalogue update, Art. 13(2)": Kind(
        False,
        clock("update", "statutory", "catalogue.outdated", "catalogue.updated"),
        SAID,
        form="slip",
        events=("catalogue.outdated", "catalogue.updated"),
    ),
    "data verification, Art. 13(3)": Kind(True, clock("target", "internal", "case.submitted", "case.decided"), SENT),
    "supervision lead": Kind(False, "", "start > work > decide > close > end", form="slip", addressee="data_provider"),
    "transfer as a called process": Kind(True, REPLY, "start > work > transfer > work2 > issue > decide > close > end"),
    "opinions, Art. 22": Kind(True, "", "start > work > close > end", form="slip", outcome=False),
}


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS.keys())
def test_a_kind_of_case_is_drawn_as_the_law_says(kind: Kind) -> None:
    assert kind.faults() == []


def test_a_clock_that_starts_at_service_needs_a_paper_that_is_issued() -> None:
    """What was never issued is never served: an order whose clock waits for that would never be missed."""
    order = KINDS["rectification order, Art. 30"]
    silent = Kind(False, order.clocks, "start > work > work2 > say0 > close > end", events=order.events)
    assert found(silent.faults(), "deadlines.order", "never starts: nothing makes notice.served:paper known")


@pytest.mark.parametrize(
    "event",
    [
        "notice.dispatched:paper",
        "notice.issued:paper",
        "case.submitted",
        "case.closed",
        "case.decided",
        "message.received:x",
    ],
)
def test_a_process_cannot_claim_what_the_engine_makes_known(event: str) -> None:
    """Else a clock could be stopped without a paper, and the record would say that there was one."""
    claims = Kind(True, REPLY, "start > work > say0 > issue > decide > close > end", events=(event,))
    assert found(claims.faults(), "say0", "made known by the engine")


def test_a_paper_lies_on_the_portal_where_its_dispatch_is_a_fact() -> None:
    assert found(Kind(True, REPLY, SENT, channels='["email"]').faults(), "channels", "lacks portal")
