"""A complaint, and an order to rectify, from end to end, in real browsers.

Everybody does what people do: they read titles, labels and buttons.
"""

from playwright.sync_api import expect

from engine import cases
from engine.access import PUBLIC
from tests.browser.crew import Crew, downloaded, fill, soon
from tests.browser.test_screens import keep_picture

COMPLAINT = {
    "类型": "投诉（涉及我自己的权益）",
    "匿名": "",
    "反映什么问题": "停车场泊位数据半年没有更新",
    "反映哪个机关": "贵阳市交通委员会",
    "事实经过": "我在停车场门口的小卖部上班，泊位数据标明每日更新，半年没有更新过。",
    "属于哪一类": ["没有按规定采集、更新数据"],
    "由谁受理": "市大数据发展管理局",
    "怎样告诉您结果": "在本网站查看",
    "承诺": "我反映的情况是真实的，并同意办理机关为查办而使用所填写的信息",
}
TOLD_ONLY_BY_THE_COMPLAINANT = "小卖部"
SUMMARY = "反映你单位开放的停车场泊位数据自2025年11月起没有更新。"
FACTS = "该数据标明每日更新，自2025年11月3日起没有更新。"


def test_an_anonymous_complaint_is_looked_into_and_answered_by_its_code(crew: Crew) -> None:
    crew.office.go_to("2026-05-18T09:30")
    citizen = crew.at("", "/")
    keep_picture(citizen, "journey-home")
    citizen.get_by_role("link", name="填写投诉举报").click()
    fill(citizen.locator("main form"), COMPLAINT)
    citizen.set_input_files(
        "#attachments", {"name": "证据.txt", "mimeType": "text/plain", "buffer": "泊位数据截图说明".encode()}
    )
    crew.look(citizen, "complaint-form")
    citizen.get_by_role("button", name="提交").click()
    reference, code = (citizen.locator(f"#{name}-shown").inner_text() for name in ("reference", "code"))
    keep_picture(citizen, "journey-complaint-filed")

    check = crew.take("feng.li", reference, "核对管辖和内容")
    expect(check.locator("main")).to_contain_text(TOLD_ONLY_BY_THE_COMPLAINANT)
    keep_picture(check, "journey-complaint-check")
    crew.send(check, {"本机关与事项有无利害关系": "没有", "如何处理": "受理"})
    crew.do("xie.fang", reference, "审批受理意见", {"审批意见": "同意"})
    plan = {"有无特别情形": "没有", "查办方式": "发函请被投诉举报机关说明情况", "调查步骤": "核对数据更新记录。"}
    crew.do("feng.li", reference, "拟定调查方案", plan)
    letter = {"事项摘要（脱敏）": SUMMARY, "请说明的问题": "最近一次更新的时间。\n没有更新的原因。"}
    crew.do("feng.li", reference, "拟写协查函", letter)
    crew.do("xie.fang", reference, "核发协查函", {"核发意见": "核发"})

    agency = crew.take("zhou.min", reference, "说明情况")
    crew.look(agency, "complaint-statement")
    for address in (agency.url, f"/desk/cases/{reference}"):
        agency.goto(address)
        expect(agency.locator("main")).to_contain_text("协助调查函")
        expect(agency.locator("main")).not_to_contain_text(TOLD_ONLY_BY_THE_COMPLAINANT)
        expect(agency.locator("main")).not_to_contain_text("证据.txt")
    keep_picture(agency, "journey-complaint-case-respondent")
    agency.get_by_role("link", name="查看：说明情况").click()
    crew.send(agency, {"情况说明": "采集设备更换后没有恢复自动更新，已经恢复。", "联系人和电话": "周敏，0851-12345603"})

    found = {"调查结论": "属实", "查明的事实": FACTS, "理由和依据": "《条例》要求行政机关及时更新政府数据。"}
    found |= {"是否告知被投诉举报机关": "是", "后续处理": "提出监督线索", "第三十条的情形": "没有按规定采集、更新数据"}
    crew.do("feng.li", reference, "提出处理意见", found | {"线索内容": FACTS})
    crew.do("bao.lin", reference, "审批处理意见", {"审批意见": "同意"})
    told = {
        "查明的事实": FACTS,
        "理由和依据": "《条例》要求行政机关及时更新政府数据。",
        "处理情况": "该机关已经恢复更新。",
    }
    crew.do("feng.li", reference, "拟写结果告知书", told)
    crew.do("bao.lin", reference, "签发结果告知书", {"签发意见": "签发"})

    citizen = crew.track(reference, code)
    expect(citizen.locator("main")).to_contain_text("处理结果已经作出")
    paper = citizen.locator("li", has_text="处理结果告知书")
    assert downloaded(citizen, soon(citizen, paper.get_by_role("link", name="下载"))).startswith(b"%PDF-")
    keep_picture(citizen, "journey-complaint-result")


def test_who_complained_is_opened_by_the_leader_with_a_reason(crew: Crew) -> None:
    crew.office.go_to("2026-05-22T09:30")
    form = {"kind": "complaint", "anonymous": False, "complainant_type": "citizen", "complainant_name": "王䶮"}
    form |= {"phone": "138 0000 0001", "matter": "申请没有答复", "respondent_organ": "gy-jtw", "grounds": ["6"]}
    form |= {"facts": "四月提出的申请没有答复。", "receiver": "bureau", "feedback_channel": "portal", "consent": "yes"}
    reference = crew.tell(cases.submit, PUBLIC, "complaint", form).reference
    handler = crew.take("feng.li", reference, "核对管辖和内容")
    expect(handler.locator("main")).not_to_contain_text("王䶮")
    expect(handler.get_by_text("查看完整信息（留痕）")).to_have_count(0)
    leader = crew.at("bao.lin", f"/desk/cases/{reference}")
    expect(leader.locator("main")).not_to_contain_text("王䶮")
    keep_picture(leader, "journey-sealed")
    leader.get_by_text("查看完整信息（留痕）").click()
    leader.get_by_label("查看原因").fill("核对投诉人与被投诉事项的关系。")
    leader.get_by_role("button", name="查看完整信息").click()
    expect(leader.locator("#application")).to_contain_text("王䶮")
    expect(leader.locator("#application")).to_contain_text("本次查看已经留痕")
    keep_picture(leader, "journey-opened")
    leader.goto(f"/desk/cases/{reference}")
    expect(leader.locator("main")).not_to_contain_text("王䶮")


BREACH = "应当于2026年6月10日前答复一件开放需求申请，至今没有答复，也没有说明理由。"
MEASURES = "2026年7月31日前对上述申请作出答复。\n建立答复期限台账，逐件核对在办申请。"
CONTACT = "冯丽，0851-12345602"
GROUND = "（六）不按照规定受理、答复、复核或者反馈申请"


def test_a_lead_becomes_an_order_that_is_carried_out_and_the_chain_shows_it(crew: Crew) -> None:
    crew.office.go_to("2026-05-29T09:30")
    request = crew.office.file("刘梅", "citizen", "轨道交通分时客流数据")
    crew.office.go_to("2026-06-25T09:30")
    crew.office.work()
    supervisor = crew.at("sun.yi", "/board/leads")
    keep_picture(supervisor, "journey-leads")
    supervisor.locator("tbody tr", has_text="轨道交通分时客流数据").locator("a.matter").click()
    lead = supervisor.locator("nav.crumb .mono").inner_text()
    crew.do("sun.yi", lead, "核查线索", {"处理意见": "提请责令限期改正", "提请责令改正的事实": BREACH})
    supervisor.goto(f"/desk/cases/{lead}")
    keep_picture(supervisor, "journey-lead-case")
    supervisor.locator("#linked").get_by_role("link", name="责令限期改正").click()
    order = supervisor.locator("nav.crumb .mono").inner_text()

    verified = {"核实结论": "违反规定", "认定情形（第三十条）": [GROUND], "查明的事实": BREACH}
    verified |= {"证据": "受理记录、期限计算表。", "改正措施": MEASURES, "改正期限（日）": "15"}
    verified |= {"责令机关": "贵阳市人民政府", "责令机关是否使用本系统": "使用，在本系统作出决定"}
    verified |= {"是否建议通报批评": "不建议", "直接负责的主管人员和其他直接责任人员": "数据管理处处长"}
    verify = crew.take("feng.li", order, "核实事实")
    crew.look(verify, "rectify-verify")
    crew.send(verify, verified)
    stated = {"陈述意见": "因承办人调整没有按期答复，正在办理。", "已经采取的措施": "已经指定新的承办人。"}
    crew.do("zhou.min", order, "陈述意见", stated)
    weighed = {"处理意见": "维持认定", "采纳情况和理由": "承认没有按期答复，没有提出正当理由。"}
    crew.do("feng.li", order, "采纳陈述意见", weighed)
    proposed = {"建议理由": "没有按期答复，没有提出正当理由。", "联系人和电话": CONTACT}
    crew.do("feng.li", order, "拟定处理建议", proposed)
    crew.do("bao.lin", order, "签发处理建议", {"签发意见": "签发"})
    crew.do("shi.yu", order, "审查处理建议", {"处理意见": "采纳"})
    draft = crew.take("shi.yu", order, "拟定责令改正书")
    keep_picture(draft, "journey-rectify-order")
    ordered = {"认定情形（第三十条）": [GROUND], "查明的事实": BREACH, "理由": "没有提出正当理由，不予采纳。"}
    ordered |= {"改正要求": MEASURES, "改正期限（日）": "15", "是否同时通报批评": "不通报"}
    crew.send(draft, ordered | {"联系人和电话": "石宇，0851-12345601"})
    crew.do("long.fei", order, "签发责令改正书", {"签发意见": "签发"})

    agency = crew.at("zhou.min", f"/desk/cases/{order}")
    paper = agency.locator("li", has_text="责令限期改正通知书").get_by_role("link", name="下载")
    assert downloaded(agency, soon(agency, paper)).startswith(b"%PDF-")
    crew.office.work()
    agency.reload()
    expect(agency.locator("aside")).to_contain_text("改正期限")  # it runs from the day on which the order is read
    keep_picture(agency, "journey-rectify-respondent")
    reported = {"改正情况": "已经作出答复，台账已经建立。", "改正完成日期": "2026-06-25"}
    crew.do("zhou.min", order, "报告改正情况", reported)
    inspected = {"验收结论": "已经改正", "验收情况": "查阅答复文书和台账，情况属实。", "核定的改正日期": "2026-06-25"}
    crew.do("shi.yu", order, "验收改正情况", inspected)
    crew.do("long.fei", order, "签发验收意见", {"签发意见": "签发"})

    chain = crew.at("sun.yi", f"/desk/cases/{order}")
    expect(chain.locator(".tags")).to_contain_text("按期改正")
    crew.look(chain, "rectify-case")
    chain.locator("#linked").get_by_role("link", name="查看关联图").click()
    rows = chain.locator("#chain-list tbody tr")
    expect(rows).to_have_count(3)
    for row, words in enumerate((request, lead, order)):
        expect(rows.nth(row)).to_contain_text(words)
    expect(rows.nth(1)).to_contain_text("已转责令改正并办结")
    crew.look(chain, "chain")
