"""Does a bundle fit together? The drawing against ``process.toml``, its forms, decisions, notices, roles and operations."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import jsonschema

from engine import (
    approval_lint,
    clock_lint,
    data_lint,
    ending_lint,
    fragments,
    link_lint,
    name_lint,
    privacy_lint,
    statute_lint,
)
from engine.form_lint import form_faults
from engine.manifest import (
    DeadlineRule,
    Exclusion,
    Manifest,
    ManifestFaulty,
    NoticeRule,
    parse_toml,
    read_manifest,
    read_notice,
)
from engine.runtime import ExpressionInvalid, Fault
from engine.runtime.drawing import Element, Process
from engine.runtime.expressions import RESERVED, check_expression, constant, deadlines_read, names_read
from engine.runtime.graph import reach
from engine.runtime.parser import Reading
from engine.runtime.reader import TASKS
from engine.statutes import Articles
from engine.strict import Unreadable, read_json

MANIFEST = "process.toml"
AROUND_FACTS = frozenset(  # notices.facts
    {
        "case",
        "participants",
        "organisations",
        "items",
        "deadlines",
        "corrections",
        "replaced",
        "portal_url",
        "query_code",
        "today",
    }
)
AROUND_RULES = frozenset(
    {"participants", "organisations", "items", "revisions", "followers", "data", "today"}
)  # tasks.complete
AROUND_OPENING = frozenset({"participants", "items", "data"})  # cases._said
THROWING = frozenset({"endEvent", "intermediateThrowEvent", "sendTask"})
SYSTEM = "system"  # sends messages of the installation's own jobs
_EVENT = re.compile(r"(?P<name>[a-z_]+\.[a-z_]+)(?::(?P<of>[A-Za-z0-9_]+))?\Z")
_CUTOFF = re.compile(r"(?!00:00)([01][0-9]|2[0-3]):[0-5][0-9]")
_SECRECY = re.compile(r"(秘密|机密|绝密)(★([1-9][0-9]?(年|个月)|长期))?")
_KEY = re.compile(r"[a-z][a-z0-9_]{0,39}")
_CASE_EVENTS = frozenset({"case.withdrawn", "case.closed"})
_NOTICE_EVENTS = frozenset({"notice.issued", "notice.dispatched", "notice.served"})
_CLOCK_EVENTS = frozenset({"deadline.suspended", "deadline.resumed", "deadline.extended", "deadline.restarted"})
_OF_THE_ENGINE = (
    _CLOCK_EVENTS
    | frozenset(  # facts: a process that could claim them could stop a clock without an answer
        {
            "case.submitted",
            "case.opened",
            "case.closed",
            "case.transferred",
            "notice.issued",
            "notice.dispatched",
            "notice.served",
            "message.received",
        }
    )
)


def bundle_faults(
    files: Mapping[str, bytes],
    reading: Reading,
    operations: Mapping[str, Mapping[str, Any]],
    roles: frozenset[str] | None,
    articles: Articles,
) -> Iterator[Fault]:
    """All faults of a bundle beyond those of its drawings."""
    try:
        fragments.require_whole(files)
        manifest = read_manifest(files.get(MANIFEST, b""), MANIFEST)
    except ManifestFaulty as error:
        reason = "is missing" if MANIFEST not in files else str(error.data["reason"])
        yield Fault(MANIFEST, "", reason)
        return
    except (fragments.FragmentAlone, fragments.FragmentMissing) as error:
        yield Fault(MANIFEST, "process", error.sentence())
        return
    yield from _Bundle(files, reading, manifest, operations, roles).check()
    yield from statute_lint.statute_faults(manifest, articles)


class _Bundle:
    """One bundle while it is checked."""

    def __init__(
        self,
        files: Mapping[str, bytes],
        reading: Reading,
        manifest: Manifest,
        operations: Mapping[str, Mapping[str, Any]],
        roles: frozenset[str] | None,
    ) -> None:
        self.files, self.reading, self.manifest = files, reading, manifest
        self.operations, self.roles = operations, roles
        self.schemas: dict[str, Any] = {}
        self.notices: dict[str, NoticeRule] = {}
        self.processes = reading.processes
        self.nodes = {e.id: e for p in reading.processes.values() for e in p.everything()}
        self.local = {name for e in self.nodes.values() for name in _locals(e)}
        calls = {p.id: [e.called for e in p.everything() if e.called] for p in reading.processes.values()}
        self.called = reach([manifest.process.key], calls)  # what can run at all

    def check(self) -> Iterator[Fault]:
        yield from self.main_process()
        yield from self.forms()
        yield from self.notice_folders()
        yield from self.locale()
        for process in self.processes.values():
            for element in process.everything():
                yield from self.element(process, element)
            yield from self.diagram(process)
            yield from self.lanes(process)
        yield from self.messages()
        yield from self.deadlines()
        yield from self.rules()
        yield from self.references()
        yield from self.data()
        yield from self.approvals()
        yield from self.links()
        yield from privacy_lint.privacy_faults(self.manifest, self.notices, self.schemas, self.wrong_lane)
        yield from name_lint.name_faults(self.manifest, self.notices)
        yield from clock_lint.clock_faults(self.manifest, self.processes, self.notices, self.operations)

    def at(self, element: str, reason: str, warning: bool = False) -> Fault:
        return Fault(MANIFEST, element, reason, warning=warning)

    def main_process(self) -> Iterator[Fault]:
        key = self.manifest.process.key
        main = self.processes.get(key)
        if main is None:
            yield self.at("process.key", f"there is no process {key} in the .bpmn files")
            return
        if main.executable:
            yield from ending_lint.ending_faults(main, self.processes, self.operations)
        else:
            yield Fault(main.file, key, "the process is marked as not executable")
        for process in self.processes.values():
            if process.executable and process.id not in self.called:
                reason = f"nothing calls this process, and only {key} begins by itself; a process that is drawn for the reader"
                yield Fault(process.file, process.id, f'{reason} alone says isExecutable="false"')

    # -------------------------------------------------------------------------------------------- forms

    def forms(self) -> Iterator[Fault]:
        """Every form can be read and is made of what forms are made of."""
        for file in sorted(self.files):
            if file.startswith("forms/") and file.endswith(".json"):
                value, fault = _json(file, self.files[file])
                if fault is not None:
                    yield fault
                self.schemas[file.removeprefix("forms/")] = value
        for name, schema in self.schemas.items():
            if name.endswith(".schema.json"):
                ui = self.schemas.get(name.replace(".schema.json", ".ui.json"))
                for line in form_faults(schema, ui) if schema is not None else ():
                    element, _, reason = line.partition(": ")
                    yield Fault(f"forms/{name}", element, reason)
        for what, form in self.named_forms():
            if f"{form}.schema.json" not in self.schemas:
                yield self.at(what, f"there is no form forms/{form}.schema.json")

    def named_forms(self) -> Iterator[tuple[str, str]]:
        yield "process.start_form", self.manifest.process.start_form
        for message in self.manifest.messages:
            if message.form is not None:
                yield f"messages.{message.name}", message.form

    def fields(self, form: str) -> frozenset[str]:
        """The fields of a form that become case data; personal ones are kept elsewhere."""
        schema = self.schemas.get(form)
        properties = schema.get("properties", {}) if isinstance(schema, dict) else {}
        if not isinstance(properties, dict):
            return frozenset()
        return frozenset(n for n, part in properties.items() if isinstance(part, dict) and "x-personal" not in part)

    # -------------------------------------------------------------------------------------------- notices and words

    def notice_folders(self) -> Iterator[Fault]:
        names = sorted(
            {file.split("/")[1] for file in self.files if file.startswith("notices/") and file.count("/") > 1}
        )
        for name in names:
            file = f"notices/{name}/notice.toml"
            for wanted in ("notice.toml", "body.html.j2", "sample.json"):
                if f"notices/{name}/{wanted}" not in self.files:
                    yield Fault(f"notices/{name}/{wanted}", "", "is missing")
            try:
                notice = read_notice(self.files.get(file, b""), file)
            except ManifestFaulty as error:
                if file in self.files:
                    yield Fault(file, "", str(error.data["reason"]))
                continue
            self.notices[name] = notice
            yield from self.notice(file, notice)
        corrective = self.manifest.process.correction_notice
        if corrective is not None and corrective not in self.notices:
            yield self.at("process.correction_notice", f"there is no notice {corrective}")

    def notice(self, file: str, notice: NoticeRule) -> Iterator[Fault]:
        if notice.issuer not in self.manifest.participants:
            yield Fault(file, "issuer", f"there is no participant {notice.issuer}")
        if notice.addressee not in {*self.manifest.participants, *self.manifest.parties}:
            yield Fault(file, "addressee", f"there is no participant or party {notice.addressee}")
        if notice.form != "slip" and not notice.series:
            yield Fault(file, "series", "a letter or file is numbered, and so has a series")
        if "portal" not in notice.channels:
            yield Fault(file, "channels", "lacks portal: an e-mail only says that something lies there")
        yield from self.letterhead(file, notice)
        for fact, expression in notice.facts.items():
            yield from self.expression(file, f"facts.{fact}", expression, AROUND_FACTS | self.manifest.parties.keys())
        for fact in notice.attached:
            if fact not in notice.facts:
                yield Fault(file, "attached", f"there is no fact {fact}")
            elif "query_code" in _quietly(names_read, notice.facts[fact]):
                yield Fault(
                    file, "attached", f"{fact} holds the query code, which no file may carry for programs to read"
                )
        yield from self.service(file, notice)
        if notice.heading is not None:
            yield from self.heading(file, notice)

    def service(self, file: str, notice: NoticeRule) -> Iterator[Fault]:
        """How a notice is served: conditions that can be read, of channels that it has; nothing that could never serve it."""
        rule = notice.service
        if rule is None:
            return
        around = AROUND_FACTS | self.manifest.parties.keys()
        for channel, condition in (("post", rule.post_when), ("in_person", rule.in_person_when)):
            if condition is not None:
                yield from self.expression(file, f"service.{channel}_when", condition, around)
                if channel not in notice.channels:
                    yield Fault(file, f"service.{channel}_when", f"is about a channel that channels lacks: {channel}")
        if rule.served_by == "receipt" and rule.deemed_days:
            yield Fault(file, "service.deemed_days", "a paper that is served by receipt only is never deemed served")

    def approvals(self) -> Iterator[Fault]:
        """Who approves the papers."""

        def fields_of(task: str) -> frozenset[str] | None:
            form = self.form_of(task)
            return None if form is None else self.all_fields(form)

        yield from approval_lint.approval_faults(
            self.notices, self.processes, fields_of, self.wrong_lane, self.expression
        )

    def links(self) -> Iterator[Fault]:
        """What reaches beyond one case."""

        def foreign(where: str, text: str) -> Iterator[Fault]:
            """An expression over another case: that it can be read is all that is known of it here."""
            try:
                check_expression(text)
            except ExpressionInvalid as error:
                yield self.at(where, f"the expression “{text[:80]}” is not allowed: {error}")

        start = self.all_fields(f"{self.manifest.process.start_form}.schema.json")
        yield from link_lint.link_faults(self.manifest, start, self.wrong_lane, self.expression, foreign)

    def heading(self, file: str, notice: NoticeRule) -> Iterator[Fault]:
        """The title on the paper is made of what is frozen with it, and of nothing else."""
        text = notice.heading or ""
        try:
            check_expression(text)
            names = names_read(text)
        except ExpressionInvalid as error:
            yield Fault(file, "heading", f"the expression “{text[:80]}” is not allowed: {error}")
            return
        for name in sorted(names - notice.facts.keys()):
            yield Fault(file, "heading", f"reads {name}, which is no fact of the notice")

    def letterhead(self, file: str, notice: NoticeRule) -> Iterator[Fault]:
        """What the head of a paper may show: only numbered papers have one, and a paper upward goes to one organ."""
        shown = {"upward": notice.upward, "secrecy": notice.secrecy, "urgency": notice.urgency}
        for name, value in (shown | {"co_issuers": notice.co_issuers}).items():
            if value and notice.form == "slip":
                yield Fault(file, name, "a slip has no letterhead that could show it")
        if notice.upward and (notice.form != "file" or notice.addressee not in self.manifest.participants):
            yield Fault(file, "upward", "a paper upward is a file, and goes to one participant")
        if notice.secrecy is not None and not _SECRECY.fullmatch(notice.secrecy):
            yield Fault(file, "secrecy", f"{notice.secrecy} is not written as 秘密★1年")
        for part in notice.co_issuers:
            if part not in self.manifest.participants:
                yield Fault(file, "co_issuers", f"there is no participant {part}")
        if len({notice.issuer, *notice.co_issuers}) <= len(notice.co_issuers):
            yield Fault(file, "co_issuers", "an organ issues a paper once")

    def locale(self) -> Iterator[Fault]:
        for file in sorted(f for f in self.files if f.startswith("locale/") and f.endswith(".toml")):
            try:
                parse_toml(self.files[file], file)
            except ManifestFaulty as error:
                yield Fault(file, "", str(error.data["reason"]))

    # -------------------------------------------------------------------------------------------- the drawing

    def element(self, process: Process, element: Element) -> Iterator[Fault]:
        if element.kind == "userTask":
            yield from self.user_task(process, element)
        if element.verb:
            yield from self.operation(process, element)
        trigger = element.trigger
        if trigger is not None and trigger.kind == "timer" and trigger.expression:
            for name in sorted(_quietly(deadlines_read, trigger.expression)):
                if name not in self.manifest.deadlines:
                    yield Fault(
                        process.file, element.id, f"waits for the deadline {name}, which process.toml does not declare"
                    )

    def user_task(self, process: Process, element: Element) -> Iterator[Fault]:
        form = element.properties.get("formJsonSchemaFilename")
        if not form:
            yield Fault(process.file, element.id, "names no form (formJsonSchemaFilename)")
        elif form not in self.schemas:
            yield Fault(process.file, element.id, f"there is no form forms/{form[:120]}")
        ui = element.properties.get("formUiSchemaFilename")
        if ui and ui not in self.schemas:
            yield Fault(process.file, element.id, f"there is no ui-schema forms/{ui[:120]}")

    def operation(self, process: Process, element: Element) -> Iterator[Fault]:
        schema = self.operations.get(element.verb or "")
        if schema is None:
            yield Fault(process.file, element.id, f"there is no operation {element.verb}")
            return
        properties: Mapping[str, Any] = schema.get("properties", {})
        for name in sorted(element.parameters.keys() - properties.keys()):
            yield Fault(process.file, element.id, f"the operation {element.verb} has no parameter {name}")
        for name in schema.get("required", ()):
            if name not in element.parameters:
                yield Fault(process.file, element.id, f"the operation {element.verb} needs the parameter {name}")
        for name in sorted(element.parameters.keys() & properties.keys()):
            yield from self.parameter(process, element, name, properties[name])

    def parameter(self, process: Process, element: Element, name: str, schema: Mapping[str, Any]) -> Iterator[Fault]:
        """A parameter that is a constant must fit now; others are checked when they are used."""
        try:
            value = constant(element.parameters[name])
        except ExpressionInvalid:
            return
        if value is None:
            return
        error = next(iter(jsonschema.Draft202012Validator(dict(schema)).iter_errors(value)), None)
        if error is not None:
            yield Fault(process.file, element.id, f"the parameter {name} does not fit: {error.message[:200]}")
            return
        reason = self.unknown_reference(schema.get("x-refers"), value)
        if reason is not None:
            yield Fault(process.file, element.id, reason)

    def unknown_reference(self, kind: object, name: str) -> str | None:
        known: Mapping[object, Any] = {
            "notice": self.notices,
            "participant": self.manifest.participants,
            "outcome": self.manifest.outcomes,
            "deadline": self.manifest.deadlines,
            "opening": self.manifest.opens,
            "telling": self.manifest.tells,
            "field": self.manifest.data,
        }
        if kind == "event" and self.is_of_the_engine(name):
            return f"{name} is made known by the engine when it happens: give an event of the process another name"
        return f"there is no {kind} {name}" if kind in known and name not in known[kind] else None

    def is_of_the_engine(self, event: str) -> bool:
        head = event.partition(":")[0]
        return head in _OF_THE_ENGINE or head.removeprefix("case.") in self.manifest.outcomes

    def diagram(self, process: Process) -> Iterator[Fault]:
        shapes = frozenset().union(*(d.shapes for d in self.reading.drawings if d.file == process.file))
        flows = [flow for scope in process.scopes() for flow in scope.flows]
        missing = [i for i in (*(e.id for e in process.everything()), *flows, *process.lanes) if i not in shapes]
        if missing and len(missing) == len([*process.everything()]) + len(flows) + len(process.lanes):
            yield Fault(process.file, process.id, "has no diagram")
        else:
            yield from (Fault(process.file, ident, "has no place in the diagram") for ident in missing)

    def lanes(self, process: Process) -> Iterator[Fault]:
        """People work in lanes whose id is participant.role."""
        if not process.lanes:
            yield Fault(process.file, process.id, "has no lanes")
            return
        for element in process.everything():
            if element.kind in TASKS and element.lane is not None:
                reason = self.wrong_lane(element.lane)
                if reason is not None:
                    yield Fault(process.file, element.id, reason)

    def wrong_lane(self, lane: str) -> str | None:
        part, dot, role = lane.partition(".")
        if not dot:
            return f"its lane {lane} is not of the form participant.role"
        if part not in self.manifest.participants:
            return f"its lane names the participant {part}, which process.toml does not declare"
        if len(role) > name_lint.longest_role():
            return f"its lane names a role longer than {name_lint.longest_role()} characters"
        if self.roles is not None and role not in self.roles:
            return f"its lane names the role {role}, which nobody can have"
        return None

    # -------------------------------------------------------------------------------------------- the declarations

    def messages(self) -> Iterator[Fault]:
        declared = {message.name for message in self.manifest.messages}
        for process in self.processes.values():
            for element in process.everything():
                trigger = element.trigger
                waits = element.kind not in THROWING
                begins = element.kind == "startEvent" and element.id in process.elements
                if trigger and trigger.kind == "message" and waits and not begins and trigger.name not in declared:
                    yield Fault(
                        process.file,
                        element.id,
                        f"waits for the message {trigger.name}, which process.toml does not declare",
                    )
        running = [process for ident, process in self.processes.items() if ident in self.called]
        waiting = [e for process in running for e in process.everything() if e.kind not in THROWING]
        waited = {e.trigger.name for e in waiting if e.trigger and e.trigger.kind == "message"}
        seen: set[str] = set()
        for message in self.manifest.messages:
            where = f"messages.{message.name}"
            if message.name in seen:
                yield self.at(where, "is declared twice")
            seen.add(message.name)
            if message.name not in waited:
                yield self.at(where, "no node waits for this message")
            known = message.sender in {*self.manifest.parties, SYSTEM}
            if not known and self.wrong_lane(message.sender) is not None:
                yield self.at(where, f"its sender {message.sender} is neither a party nor a lane, nor system")
            for event in message.ends:
                yield from self.event(where, event)

    def deadlines(self) -> Iterator[Fault]:
        parts = {*self.manifest.participants, *self.manifest.parties}
        for name, rule in self.manifest.deadlines.items():
            where = f"deadlines.{name}"
            if rule.days <= 0:
                yield self.at(where, "has no days")
            if rule.owed_by not in parts:
                yield self.at(where, f"is owed by {rule.owed_by}, which is no participant or party")
            if rule.basis == "statutory" and not rule.article:
                yield self.at(where, "is statutory, and so names its article")
            if rule.cutoff is not None and not _CUTOFF.fullmatch(rule.cutoff):
                yield self.at(where, "cutoff is the end of office hours, from 00:01 to 23:59, such as 17:30")
            yield from self.limit_of_data(where, rule)
            if not rule.starting:
                yield self.at(where, "starts on nothing")
            for event in (*rule.starting, *rule.stops_on):
                yield from self.event(where, event)
        if self.manifest.merging is not None:
            for event in self.manifest.merging.events:
                yield from self.event("merging", event)

    def limit_of_data(self, where: str, rule: DeadlineRule) -> Iterator[Fault]:
        """A clock of which the case itself says how long it runs: by its last day, or by the number of its days."""
        for said in filter(None, (rule.due_on, rule.days_from)):
            yield from self.expression(MANIFEST, where, said, frozenset())
            if rule.basis in ("statutory", "regulatory"):
                yield self.at(where, f"is {rule.basis}: its last day is counted, and no field of the case can set it")
        if rule.due_on and rule.days_from:
            yield self.at(
                where, "takes its last day (due_on) or its number of days (days_from) from the case, not both"
            )

    def event(self, where: str, event: str) -> Iterator[Fault]:
        """A domain event that can happen: of the case, a notice, a message, or announced by the process."""
        found = _EVENT.match(event)
        if found is None:
            yield self.at(where, f"{event} is not the name of an event, such as case.submitted or notice.issued:reply")
            return
        name, of = found["name"], found["of"]
        if name in _NOTICE_EVENTS and of not in self.notices:
            yield self.at(where, f"{event}: there is no notice {of}")
        elif name == "message.received" and self.manifest.message(of or "") is None:
            yield self.at(where, f"{event}: there is no message {of}")
        elif name in _CLOCK_EVENTS and of not in self.manifest.deadlines:
            yield self.at(where, f"{event}: there is no deadline {of}")
        elif name == "case.transferred" and of not in self.manifest.participants:
            yield self.at(where, f"{event}: there is no participant {of}")
        elif not self.happens(name, event):
            yield self.at(where, f"{event}: nothing makes this event known")

    def happens(self, name: str, event: str) -> bool:
        known = _NOTICE_EVENTS | _CASE_EVENTS | _CLOCK_EVENTS
        if name in known | {self.manifest.begins_with, "message.received", "case.transferred"}:
            return True
        if name.startswith("case.") and name.removeprefix("case.") in self.manifest.outcomes:
            return True
        return event in self.announced()

    def announced(self) -> set[object]:
        """The events that operations of the process make known; a parameter marked ``x-refers: event`` names one."""
        out: set[object] = set()
        for element in self.nodes.values():
            properties = self.operations.get(element.verb or "", {}).get("properties", {})
            for name, value in element.parameters.items():
                if properties.get(name, {}).get("x-refers") == "event":
                    out.add(_constant(value))
        return out

    def rules(self) -> Iterator[Fault]:
        """Tasks, fields and expressions that rules, separations and exclusions name."""
        for number, rule in enumerate(self.manifest.rules, start=1):
            where = f"rules.{number}"
            yield from self.expression(MANIFEST, where, rule.refuse_when, AROUND_RULES)
            form = self.form_of(rule.task)
            if form is None:
                yield self.at(where, f"there is no user task {rule.task}")
            elif rule.field not in self.all_fields(form):
                yield self.at(where, f"the form of {rule.task} has no field {rule.field}")
        for number, separation in enumerate(self.manifest.separations, start=1):
            for task in separation.tasks:
                if self.form_of(task) is None and not self.begins_the_case(task):
                    yield self.at(f"separations.{number}", f"there is no user task {task}, and no case begins with it")
            for name in separation.messages:
                message = self.manifest.message(name)
                if message is None or "." not in message.sender:
                    yield self.at(f"separations.{number}", f"there is no message {name} that people of a lane send")
        for task in self.manifest.merging.awake if self.manifest.merging is not None else ():
            if self.form_of(task) is None:
                yield self.at("merging.awake", f"there is no user task {task}")
        for number, exclusion in enumerate(self.manifest.exclusions, start=1):
            yield from self.exclusion(f"exclusions.{number}", exclusion)

    def begins_the_case(self, node: str) -> bool:
        """Whether a node is the start event of the process itself: whoever files the case did it."""
        main = self.processes.get(self.manifest.process.key)
        return main is not None and node in main.elements and main.elements[node].kind == "startEvent"

    def exclusion(self, where: str, exclusion: Exclusion) -> Iterator[Fault]:
        """Whether an exclusion can keep anybody from anything; the parts of the other case are not known here."""
        for task in exclusion.tasks:
            if self.form_of(task) is None:
                yield self.at(where, f"there is no user task {task}")
        if exclusion.organisation_of is None and not exclusion.deciders:
            yield self.at(where, "excludes nobody: it names neither organisation_of nor deciders")
        if exclusion.organisation_of is None and (exclusion.units or exclusion.spares is not None):
            yield self.at(where, "units and spares say more of organisation_of, which it does not name")
        if exclusion.spares is not None and exclusion.spares not in self.manifest.participants:
            yield self.at(where, f"there is no participant {exclusion.spares}")
        for name in (exclusion.link, exclusion.organisation_of):
            if name is not None and not _KEY.fullmatch(name):
                yield self.at(where, f"{name!r} is not a name: small letters, digits and underscores")
        if not exclusion.text.strip() or not exclusion.text_en.strip():
            yield self.at(where, "says nothing to whoever is excluded: text and text_en are empty")

    def references(self) -> Iterator[Fault]:
        """Nodes, parties and expressions that the other declarations name."""
        parts = {*self.manifest.participants, *self.manifest.parties}
        for stage in self.manifest.stages:
            for node in stage.nodes:
                if node not in self.nodes:
                    yield self.at(f"stages.{stage.key}", f"there is no node {node}")
            if stage.waits_for not in parts:
                yield self.at(f"stages.{stage.key}", f"waits for {stage.waits_for}, which is no participant or party")
        if not self.manifest.parties and self.manifest.process.applicants == "public":
            yield self.at("parties", "names nobody: whoever files a case is its first party")
        yield from self.expression(MANIFEST, "process.subject", self.manifest.process.subject, AROUND_OPENING)
        for name, participant in self.manifest.participants.items():
            if participant.stand_in is not None:
                standing = self.manifest.participants.get(participant.stand_in)
                if standing is None or standing.kind is None:
                    reason = (
                        f"{participant.stand_in} does not stand in: it must be a participant that is found by its kind"
                    )
                    yield self.at(f"participants.{name}", reason)
            if participant.keeps_out and participant.sees != "own":
                yield self.at(f"participants.{name}", 'says keeps_out, but sees all: it needs sees = "own"')
            if participant.organisation is not None:
                yield from self.expression(MANIFEST, f"participants.{name}", participant.organisation, AROUND_OPENING)

    def form_of(self, task: str) -> str | None:
        element = self.nodes.get(task)
        if element is None or element.kind != "userTask":
            return None
        return element.properties.get("formJsonSchemaFilename", "")

    def all_fields(self, form: str) -> frozenset[str]:
        schema = self.schemas.get(form)
        properties = schema.get("properties", {}) if isinstance(schema, dict) else {}
        return frozenset(properties) if isinstance(properties, dict) else frozenset()

    # -------------------------------------------------------------------------------------------- case data

    def data(self) -> Iterator[Fault]:
        """Every field that is read or written is declared; two branches do not write one; what is read is written."""
        declared = frozenset(self.manifest.data)
        for name in sorted(declared & (RESERVED | AROUND_OPENING)):
            yield self.at(f"data.{name}", "is a name that expressions use already")
        fields = {
            e.id: self.fields(form) for e in self.nodes.values() if (form := e.properties.get("formJsonSchemaFilename"))
        }
        use = data_lint.Use(self.processes, self.reading.decisions, fields)
        for access in use.accesses.values():
            for name in sorted(access.writes - declared):
                yield Fault(
                    access.file, access.node, f"writes {name}, which process.toml does not declare under [data]"
                )
            for name in sorted(access.reads - declared - data_lint.AROUND):
                yield Fault(access.file, access.node, f"reads {name}, which process.toml does not declare under [data]")
        start = self.fields(f"{self.manifest.process.start_form}.schema.json") - link_lint.proofs(self.manifest)
        start |= link_lint.taken(self.manifest)
        for name in sorted(start - declared - link_lint.taken(self.manifest)):
            yield self.at("process.start_form", f"its field {name} is not declared under [data]")
        yield from data_lint.parallel_writers(use)
        undeclared = frozenset(name for access in use.accesses.values() for name in access.reads) - declared
        yield from data_lint.unwritten(use, start | undeclared)

    def expression(
        self, file: str, where: str, text: str, around: frozenset[str] = frozenset({"participants", "data"})
    ) -> Iterator[Fault]:
        """An expression of the declarations: readable, and over names that there are."""
        try:
            check_expression(text)
            names = names_read(text)
        except ExpressionInvalid as error:
            yield Fault(file, where, f"the expression “{text[:80]}” is not allowed: {error}")
            return
        for name in sorted(names - around - self.manifest.data.keys()):
            yield Fault(file, where, f"reads {name}, which process.toml does not declare under [data]")


def _locals(element: Element) -> Iterator[str]:
    repeats = element.repetition
    if repeats is not None:
        yield from filter(None, (repeats.item, repeats.output_item))


def _json(file: str, source: bytes) -> tuple[Any, Fault | None]:
    try:
        return read_json(source), None
    except Unreadable as error:
        return None, Fault(file, "", str(error))


def _constant(expression: str) -> object:
    try:
        return constant(expression)
    except ExpressionInvalid:
        return None


def _quietly(names: Any, text: str) -> frozenset[str]:
    try:
        return frozenset(names(text))
    except ExpressionInvalid:
        return frozenset()
