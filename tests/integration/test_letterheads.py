"""What the head of a paper shows by its declaration: signers, secrecy, urgency, and the organs of a joint paper."""

from engine.access import SYSTEM
from engine.models import Notice, Organisation, Person
from notices import service
from notices.paper import Paper
from tests.bundles import LANE, Trial, bundle
from tests.drawing import service as operation
from tests.factories import World

PARTS = """
[participants.government]
title = "市人民政府"
title_en = "City government"
kind = "government"

[participants.city_data_bureau]
title = "市大数据行政主管部门"
title_en = "City data bureau"
kind = "city_data_bureau"
"""
REQUEST = """
title = "关于更新目录的请示"
title_en = "Request"
form = "file"
issuer = "data_provider"
addressee = "government"
series = "数呈"
automatic = "测试不经审批"
upward = true
secrecy = "秘密★1年"
urgency = "特急"
co_issuers = ["city_data_bureau"]
[facts]
reference = "case.reference"
"""


def _issued(world: World) -> tuple[Notice, Paper]:
    files = bundle("start > check > issue > end", more=PARTS, issue=operation("notice.issue", name="'request'"))
    files |= {
        "notices/request/notice.toml": REQUEST.encode(),
        "notices/request/body.html.j2": "<p>妥否，请批示。</p>".encode(),
        "notices/request/sample.json": b"{}",
    }
    Trial(world, files).do("check")
    notice = world.one(Notice, case_id=world.case_id)
    return notice, _paper(world, notice)


def _paper(world: World, notice: Notice) -> Paper:
    with world.database.reading(SYSTEM) as reading:
        return service.paper(reading, notice, world.case())


def test_a_paper_upward_names_who_approved_it(world: World) -> None:
    notice, paper = _issued(world)
    assert notice.approved_by == world.person(LANE).person_id
    assert paper.signers == (world.one(Person, id=notice.approved_by).name,)


def test_a_classified_paper_shows_its_copy_number(world: World) -> None:
    _, paper = _issued(world)
    assert (paper.copy_number, paper.secrecy, paper.urgency) == ("000001", "秘密★1年", "特急")


def test_a_joint_paper_keeps_the_organs_that_issued_it(world: World) -> None:
    notice, paper = _issued(world)
    assert paper.organs == ("贵阳市交通委员会", "贵阳市大数据发展管理局")
    bureau = world.one(Organisation, kind="city_data_bureau")
    with world.database.unit_of_work(SYSTEM) as uow:
        uow.session.get_one(Organisation, bureau.id).name = "贵阳市数据局"
    assert _paper(world, notice).organs == paper.organs
