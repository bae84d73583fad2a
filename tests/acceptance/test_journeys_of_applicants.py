"""Conditional sharing and review from end to end, in real browsers.

Everybody does what people do: they read titles, labels and buttons. The open-data request goes its way in
``test_journey_in_browsers.py``, complaint and rectification theirs in ``test_journeys_of_supervision.py``.
"""

from playwright.sync_api import expect

from tests.browser.crew import Crew, downloaded, fill, soon
from tests.browser.test_screens import keep_picture

SHARED = {
    "目录项": "最低生活保障对象（市民政局，gy-mzj-0002）",
    "法定职责": "家庭经济困难学生资助。",
    "职责依据": "《中华人民共和国义务教育法》第四十四条。",
    "使用用途": "核对申请资助学生的家庭是否为低保对象。",
    "需要的数据项": "姓名\n公民身份号码\n是否在保",
    "数据范围": "全市在保对象，2026年度。",
    "使用单位和人员范围": "市教育局学生资助管理中心，3名经办人员。",
    "共享方式": "接口调用",
    "使用频率": "每日",
    "使用期限起": "2026-05-06",
    "使用期限止": "2026-12-31",
    "安全保障措施": "专网接入，逐次留痕，到期销毁。",
    "联系人和电话": "李文，0851-12345604",
}


def test_an_agency_applies_for_conditional_data_and_gets_a_grant(crew: Crew) -> None:
    crew.office.go_to("2026-04-20T09:30")
    desk = crew.at("li.wen", "/desk/new")
    keep_picture(desk, "journey-new")
    desk.get_by_role("link", name="填写有条件共享申请").click()
    fill(desk.locator("#filing"), SHARED)
    crew.look(desk, "share-form")
    desk.get_by_role("button", name="提交").click()
    expect(desk.locator(".said")).to_have_text("案件已经提交。")
    reference = desk.locator("nav.crumb .mono").inner_text()

    crew.do("tang.hua", reference, "审批共享申请", {"审批意见": "同意提交"})
    crew.do("chen.bo", reference, "核对申请内容", {"如何处理": "可以办理"})
    assessed = {"数据情况": "在社会救助中采集，每日更新。", "评估结论": "可以提供"}
    crew.do("chen.bo", reference, "评估共享条件", assessed)
    crew.do("luo.xue", reference, "保密审查", {"审查意见": "同意提供"})
    reply = {"答复意见": "同意提供", "事实": "数据在社会救助中采集，共4.6万人。"}
    reply |= {"理由和依据": "用途属于学生资助职责，只需核对是否在保。", "计划提供日期": "2026-05-20"}
    crew.do("chen.bo", reference, "拟定答复", reply)
    crew.do("gao.yuan", reference, "审核答复意见", {"审核意见": "通过"})
    signing = crew.take("ma.jun", reference, "签发答复")
    keep_picture(signing, "journey-share-sign")
    crew.send(signing, {"签发意见": "签发"})

    provided = {"共享方式": "接口调用", "提供的数据项和范围": "姓名、公民身份号码、是否在保。"}
    provided |= {"获取地址或者接口": "https://gongxiang.example.cn/api/dibao-check"}
    crew.do("chen.bo", reference, "提供数据", provided | {"授权起始日期": "2026-05-06", "授权截止日期": "2026-12-31"})
    crew.do("gao.yuan", reference, "签发提供通知书", {"签发意见": "签发"})
    crew.do("li.wen", reference, "确认收到数据", {"数据是否可用": "已经收到，可以使用"})

    desk = crew.at("li.wen", f"/desk/cases/{reference}")
    expect(desk.locator(".tags")).to_contain_text("已经提供")
    expect(desk.locator("main")).to_contain_text("有条件共享申请答复书")
    crew.look(desk, "share-case")
    desk.goto("/desk/grants")
    expect(desk.locator("main")).to_contain_text("最低生活保障对象")
    keep_picture(desk, "journey-grants")


REFUSED = {  # how the agency handles the request that is reviewed: the bundle's own words for it
    "check": {"intake_action": "proceed"},
    "assess": {
        "data_exists": "yes",
        "data_held": "yes",
        "already_open": "no",
        "in_catalogue": "yes",
        "exemption": "personal_privacy",
        "exemption_scope": "whole",
        "exemption_facts": "逐条记录卡号、时间和站点，能够还原持卡人的行踪。",
        "desensitisation": "impossible",
        "desensitisation_assessment": "替换卡号后仍可凭出行轨迹识别特定个人。",
    },
    "draft_reply": {
        "decision": "refused",
        "facts": "你申请的数据逐条记录卡号、时间和站点。",
        "reasons": "上述记录能够还原持卡人的行踪，涉及个人隐私。",
        "refusal_item": "personal_privacy",
        "desensitisation_statement": "替换卡号后仍可凭出行轨迹识别特定个人，不符合开放条件。",
    },
    "review_reply": {"review_result": "approve"},
    "sign_reply": {"sign_result": "sign"},
}


def test_a_citizen_has_a_refusal_reviewed_and_reads_the_result(crew: Crew) -> None:
    crew.office.go_to("2026-05-11T09:30")
    reference, code = crew.refused_request(REFUSED)
    citizen = crew.track(reference, code)
    crew.look(citizen, "refused")
    citizen.get_by_role("link", name="复核", exact=True).click()
    expect(citizen.locator(".before")).to_contain_text("公交卡刷卡明细")
    asked = {"申请人类型": "公民", "姓名或者名称": "王䶮", "联系电话": "13800001234"}
    asked |= {"对答复有什么异议": "按线路汇总的数据已经开放，可以脱敏。", "请求": "责成该机关开放去除卡号的明细。"}
    fill(citizen.locator("main form"), asked)
    keep_picture(citizen, "journey-review-form")
    citizen.get_by_role("button", name="提交").click()
    expect(citizen.locator("main")).to_contain_text("复核期限：10 日")
    keep_picture(citizen, "journey-review-filed")
    review, review_code = (citizen.locator(f"#{name}-shown").inner_text() for name in ("reference", "code"))

    accepted = {"是否原申请人提出": "是", "是否属于复核范围": "是", "这份答复是否已经复核过": "否", "如何处理": "受理"}
    crew.do("feng.li", review, "审查受理条件", accepted)
    file = {"答复的事实和证据": "数据逐条记录卡号、时间和站点，附脱敏试验记录。", "对复核的意见": "坚持原答复"}
    agency = crew.take("zhou.min", review, "提交答复材料")
    keep_picture(agency, "journey-review-materials")
    crew.send(agency, file | {"理由": "替换卡号、模糊时间后仍可识别特定个人。"})
    examined = {"查明的事实": "原答复机关提交了两种脱敏办法的试验记录。", "复核结果": "改为开放"}
    examined |= {"理由": "去除卡号并按站点汇总后，不能识别特定个人，应当向社会开放。"}
    examined |= {"要求机关怎样做": "以CSV格式开放按站点汇总的刷卡数据。", "要求完成的日期": "2026-06-26"}
    crew.do("feng.li", review, "审查原答复", examined)
    crew.do("deng.ke", review, "保密审查", {"审查意见": "同意开放"})
    crew.do("xie.fang", review, "审核复核意见", {"审核意见": "同意"})
    signing = crew.take("bao.lin", review, "签发复核结果")
    keep_picture(signing, "journey-review-sign")
    crew.send(signing, {"签发意见": "签发"})

    citizen = crew.track(review, review_code)
    paper = citizen.locator("li", has_text="复核结果告知书")
    link = soon(citizen, paper.get_by_role("link", name="下载"))
    crew.look(citizen, "review-result")
    assert downloaded(citizen, link).startswith(b"%PDF-")
    expect(citizen.locator("main")).to_contain_text("复核认为数据应当开放")
    desk = crew.at("feng.li", f"/desk/cases/{review}")
    keep_picture(desk, "journey-review-case")
