"""The shapes in which programs get things: stable names, described for OpenAPI. Made from the engine's frozen views."""

from datetime import date, datetime
from typing import Any, Generic, Literal, TypeVar

from fastapi import Request
from pydantic import AliasChoices, BaseModel, ConfigDict, Field

from engine.queries import Page

Item = TypeVar("Item", bound=BaseModel)


class Shape(BaseModel):
    """Something that we answer."""

    model_config = ConfigDict(from_attributes=True)


class Asked(BaseModel):
    """Something that we are sent: a field that is not known is refused, so that a misspelt one never passes silently."""

    model_config = ConfigDict(extra="forbid")


class Told(Shape):
    """What was done, and what whoever did it must be told besides."""

    warnings: list[str] = Field(
        default_factory=list,
        description="Sentences for people: the work is kept, but the process stopped after it and an operator sees to it",
    )


class FieldProblemShape(Shape):
    """What is wrong with one field."""

    pointer: str = Field(description="JSON pointer into the request", examples=["/form/applicant_name"])
    code: str = Field(description="Stable name of the fault", examples=["required"])
    detail: str = Field(description="A sentence for people")


class ProblemShape(Shape):
    """Why a request failed (RFC 9457)."""

    type: str = Field(description="Stable name", examples=["urn:duban:problem:form-invalid"])
    title: str
    status: int
    detail: str = Field(description="A sentence for people, in the language of Accept-Language")
    errors: list[FieldProblemShape] | None = None
    instance: str | None = Field(default=None, description="Number of an unexpected error, as in our log")


class PageOf(Shape, Generic[Item]):
    """One page of a list."""

    items: list[Item]
    next: str | None = Field(description="Address of the next page; null when this is the last")


def page_of(shape: type[Item], page: Page[Any], request: Request) -> PageOf[Item]:
    """A page of the engine as a page of shapes, with the address of the one after it."""
    following = request.url.include_query_params(after=page.next_key) if page.next_key else None
    return PageOf(
        items=[shape.model_validate(row) for row in page.rows],
        next=f"{following.path}?{following.query}" if following else None,
    )


class LightShape(Shape):
    """A traffic light: a colour and the same in words."""

    colour: Literal["red", "amber", "green", "grey"]
    zh: str
    en: str


class FieldShape(Shape):
    """An answered field."""

    name: str
    title: str
    value: str = Field(description="As it is shown; personal data is masked")
    personal: bool


class DocumentShape(Shape):
    """A file of a case."""

    id: str
    filename: str
    media_type: str
    size: int = Field(description="Bytes")
    kind: str
    created_at: datetime
    provenance: str = Field(
        default="",
        description="Where on the sharing platform it was obtained; it then equals the paper original (Art. 16)",
    )


class DeliveryShape(Shape):
    """One attempt to bring a notice to its addressee."""

    id: str
    channel: str = Field(description="portal, email, post, in_person")
    attempt: int
    state: str = Field(description="pending, dispatched, served, failed, returned, cancelled")
    at: datetime | None = Field(description="When it went out")
    deemed_on: date | None = Field(description="The day on which it will count as served, though nobody opens it")
    served_on: date | None
    how: str | None = Field(description="opened, deemed, signed, direct, left, entrusted, collected")
    proof: str = Field(description="Tracking number of a letter, Message-ID of a mail; empty for the public")


class NoticeShape(Shape):
    """An official paper of a case."""

    id: str
    name: str
    title: str
    number: str | None = Field(description="文号; papers such as receipts have none")
    state: str
    issued_on: date | None
    digest: str | None = Field(description="Of the bytes that were issued")
    digest_algorithm: str | None
    size: int | None
    ready: bool = Field(description="Whether the PDF is there to be fetched")
    served_on: date | None = Field(description="Since when it counts as served, by whatever channel")
    translation: str = Field(description="English courtesy translation: none, offered, asked (being made), ready")
    deliveries: list[DeliveryShape]
    replaced_by: str | None = Field(description="The number of the paper that took its place")
    withdrawn_on: date | None
    verify_token: str | None = Field(description="Anybody can prove the paper at /verify/<token>")


class ApprovalShape(Shape):
    """A step by which a paper is approved, the drafting first."""

    position: int = Field(description="0 is the drafting")
    step: str = Field(description="draft, review, countersign, legal_review, sign, seal, register")
    title: str
    state: str = Field(description="passed, returned, now, next")
    organisation: str
    role: str
    person: str = Field(description="Empty while nobody has done it")
    in_place_of: str = Field(description="The absent colleague for whom it was done")
    opinion: str = Field(description="Empty for whoever does not belong to the office whose paper it is")
    at: datetime | None


class ChangeShape(Shape):
    """What has moved a clock."""

    kind: str = Field(description="suspended, resumed, extended, restarted, corrected")
    on: date = Field(description="The day from which it counts")
    days: int | None = Field(description="Of an extension, in the clock's unit")
    due_on_before: date | None
    due_on_after: date | None = Field(description="null while the clock stands still")
    reason: str = Field(description="Empty for the public")
    actor: str = Field(description="Empty for the public")
    evidence_id: str | None = Field(description="Id of a document of the case")


class DeadlineShape(Shape):
    """A clock of a case, with how its date was counted."""

    name: str
    title: str
    basis: str = Field(description="statutory, ordered, regulatory, external, internal")
    article: str | None
    article_title: str
    days: int
    unit: str
    state: str
    started_on: date | None
    due_on: date | None = Field(description="null while the clock stands still")
    provisional: bool = Field(description="The holidays of a year it depends on are not published yet")
    stopped_on: date | None
    missed: bool
    light: LightShape
    owed_by: str
    explanation: list[dict[str, Any]] = Field(description="Every day from start to end, and its part in the count")
    sentences: list[str] = Field(description="The same in words")
    extra_days: int = Field(description="By which the present period was extended, in the clock's unit")
    suspended_on: date | None = Field(description="Since when it stands still")
    until: str | None = Field(description="The time of day at which the last day ends, where that is not 24:00")
    changes: list[ChangeShape]


class CaseShape(Shape):
    """The head of a case."""

    reference: str
    process: str = Field(validation_alias=AliasChoices("process_key"), description="Key of the process")
    process_title: str = Field(validation_alias=AliasChoices("process"))
    version: int = Field(description="Of the process: a case keeps the version on which it began")
    subject: str
    status: str
    status_title: str
    outcome: str | None
    outcome_title: str | None
    late: bool = Field(description="A statutory limit was missed; stays true for ever")
    submitted_at: datetime
    closed_at: datetime | None
    agency: str | None
    waits_for: str
    stage: str
    stage_text: str
    due_on: date | None
    light: LightShape


class HistoryShape(Shape):
    """A line of a case's history."""

    at: datetime
    title: str
    actor: str
    kind: str
    detail: str


class FormFieldShape(Shape):
    """One field of a form, in the reader's language."""

    name: str
    title: str
    help: str
    kind: str = Field(description="string, integer, number, boolean, array")
    required: bool
    options: list[tuple[str, str]] = Field(description="Value and title of each choice")
    max_length: int | None


class FormShape(Shape):
    """A form: what is asked, and how it is arranged."""

    fields: list[FormFieldShape]
    json_schema: dict[str, Any] = Field(validation_alias=AliasChoices("schema"), description="JSON Schema, in Chinese")
    ui: dict[str, Any] = Field(description="How it is arranged (a subset of RJSF's ui-schema)")


class TaskLineShape(Shape):
    """A task as lists show it."""

    id: str = Field(validation_alias=AliasChoices("task_id"))
    reference: str
    subject: str
    title: str
    process: str
    applicant: str = Field(description="Masked")
    organisation: str
    role: str
    due_on: date | None = Field(description="The legal limit")
    target_on: date | None = Field(description="A limit that no law sets")
    target_basis: str | None = Field(
        description="Who set it: ordered, regulatory, external, internal (a target of ours)"
    )
    light: LightShape
    late: bool
    assignee: str | None
    owner: str | None = Field(description="Who completes it, while the assignee only prepares it")
    in_place_of: str | None = Field(description="The absent colleague for whom you do it, or for whom it was done")
    created_at: datetime
    ended_at: datetime | None
