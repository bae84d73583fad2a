"""Papers: a one-page reply and a two-page order, cold and warm, signed, by two processes, and what 1,000 of them do to memory.

Beside them two floors of the same run: WeasyPrint's trivial page, and typst on the same text with the same fonts (without grid,
seal, tags or archive format). Run by ``make bench``; ``DUBAN_BENCH_PAPERS`` for fewer than 1,000 in the last part.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from statistics import median
from time import perf_counter, process_time

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.support.figures import compared, heading, milliseconds, p10
from benchmarks.support.signing import sign
from notices import fonts, templates, worker
from notices.body import texts
from notices.paper import Paper
from notices.pool import Pool, Process
from notices.render import question, written

TURNS, WARMING, STARTS = 30, 5, 3
PAPERS = int(os.environ.get("DUBAN_BENCH_PAPERS", "1000"))
SECONDS = 30
TARGETS = {"reply": (45.0, 75.0), "order": (75.0, 105.0)}  # typeset, and signed; on a quiet core


def _paper(form: str, title: str, number: str, body: str) -> Paper:
    return Paper(
        template=body,
        form="file" if form == "file" else "letter",
        facts={},
        title=title,
        organisation="贵阳市人民政府" if form == "file" else "贵阳市交通委员会",
        number=number,
        issued_on=date(2026, 5, 6),
        addressee="市住房和城乡建设局" if form == "file" else "王䶮",
        seal=True,
        qr="https://data.example.cn/verify/7F3KQ2M9X4TB",
        lang="zh-CN",
        created=datetime(2026, 5, 6, 1, tzinfo=UTC),
        signed=True,
        attached={"number": number, "issued_on": "2026-05-06"},
    )


REPLY = _paper(
    "letter",
    "开放需求申请答复书",
    "筑交数复〔2026〕18号",
    "<p>你于2026年4月21日提出的关于开放“2025年公交卡刷卡明细数据”的申请（受理编号：KF-2026-000127）收悉。依据《贵阳市政府数据"
    "共享开放条例》第二十一条第一款，现答复如下：</p><h2>一、答复意见</h2><p>不同意开放你申请的数据。</p><h2>二、理由和依据</h2>"
    "<p>该数据逐条记录卡号、刷卡时间和站点，能够还原持卡人的日常行踪，属于《条例》第十八条第一款第三项所列“涉及个人隐私的”政府"
    "数据。</p><contact>联系电话：0851-12345603</contact>",
)
ORDER = _paper(
    "file",
    "贵阳市人民政府关于责令限期改正政府数据目录更新问题的决定",
    "筑府数责〔2026〕3号",
    "<p>经查，你局自2026年1月8日职能调整之日起十五日内，没有依据《贵阳市政府数据共享开放条例》第十三条第二款的规定更新共享目录"
    "和开放目录。</p><h2>一、事实和证据</h2><p>上述事实，有目录平台操作日志、职能调整文件、现场核查记录和你局的书面说明为证。你局"
    "在说明中承认没有按期更新，提出的人员调整的理由不属于可以免除责任的情形。</p><h2>二、依据</h2><p>你局的行为属于《条例》第三十"
    "条第三项所列“不按照规定编制、更新目录”的情形。</p><h2>三、决定</h2><p>责令你局自收到本决定之日起十五日内完成下列事项：</p>"
    "<p>（一）核对现行职能，补齐缺少的数据目录；</p><p>（二）更新已经变动的目录项，并说明每一项变动的原因；</p><p>（三）建立目录"
    "更新的内部责任制，明确责任人。</p><p>期满以前，请将改正情况书面报告市大数据发展管理局；逾期不改正的，依据《条例》第三十条，由"
    "有权机关对直接负责的主管人员和其他直接责任人员依法给予处分。</p><cc office='贵阳市人民政府办公厅'>市大数据发展管理局</cc>",
)
KINDS = {"reply": REPLY, "order": ORDER}


# -- the floors ----------------------------------------------------------------------------------------------------------

TRIVIAL = """
import sys, time
import weasyprint
from weasyprint.text.fonts import FontConfiguration
fonts = FontConfiguration()
for _ in range(int(sys.argv[1])):
    begun = time.process_time()
    weasyprint.HTML(string="<p>贵阳市政府数据").write_pdf(font_config=fonts)
    print((time.process_time() - begun) * 1000)
"""


def trivial_page() -> list[float]:
    """Milliseconds of processor time of WeasyPrint for a page with one line, warm, with the fonts of this machine."""
    said = subprocess.run(
        [sys.executable, "-c", TRIVIAL, str(TURNS + WARMING)], capture_output=True, check=True, text=True
    ).stdout
    return [float(line) for line in said.split()][WARMING:]


@cache
def _typst_text(kind: str) -> str:
    paper = KINDS[kind]
    blocks = [text for block in templates.compose(paper) for text in texts(block)]
    words = "\n\n".join(
        [paper.title, paper.number or "", paper.addressee or "", *blocks, paper.organisation, "2026年5月6日"]
    )
    escaped = "".join(f"\\{c}" if c in "#*_$`<>@[]\\~" else c for c in words)
    faces = '"FandolFang R", "FandolFang", "Duban Rare"'
    return f'#set page(paper: "a4", margin: 28mm)\n#set text(font: ({faces}), size: 15.8pt)\n{escaped}'


def by_typst(kind: str) -> Callable[[], object]:
    import typst

    source = Path(tempfile.mkdtemp(prefix="duban-bench-")) / "paper.typ"
    source.write_text(_typst_text(kind), encoding="utf-8")
    compiler = typst.Compiler(str(source), font_paths=[str(fonts.folder())], ignore_system_fonts=True)
    return lambda: compiler.compile(format="pdf")


# -- ours ----------------------------------------------------------------------------------------------------------------


@dataclass
class Times:
    """Of each turn, in milliseconds; ``worked`` is what the typesetting process worked for one, on average."""

    typeset: list[float]
    signed: list[float]
    worked: float = 0.0
    signing: float = 0.0


def warm(paper: Paper) -> Times:
    """A paper typeset by a process that is warm, question and answer included; and signed by this one."""
    process, times, asked = Process("notices.worker", SECONDS), Times([], []), question(paper)
    before = signing = 0.0
    for turn in range(TURNS + WARMING):
        if turn == WARMING:
            before, signing = _worked(process.id), process_time()
        begun = perf_counter()
        _, answer = process.ask(worker.WRITE, asked)
        between = perf_counter()
        sign(written(answer))
        if turn >= WARMING:
            times.typeset.append((between - begun) * 1000)
            times.signed.append((perf_counter() - begun) * 1000)
    times.worked = (_worked(process.id) - before) * 1000 / TURNS
    times.signing = (process_time() - signing) * 1000 / TURNS
    process.kill()
    return times


def _worked(process: int) -> float:
    """Seconds of processor time that a process has used."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def cold(paper: Paper) -> float:
    """A paper by a process that is started for it."""

    def once() -> None:
        process = Process("notices.worker", SECONDS)
        process.ask(worker.WRITE, question(paper))
        process.kill()

    return median(milliseconds(once) for _ in range(STARTS))


def single() -> None:
    trivial = median(trivial_page())
    for kind, paper in KINDS.items():
        times, compile_typst = warm(paper), by_typst(kind)
        typst = [milliseconds(compile_typst) for _ in range(TURNS + WARMING)][WARMING:]
        typeset, signed = TARGETS[kind]
        heading(f"a {kind}, warm, ms of processor time", "ours", "trivial")
        compared(f"typeset  (aim: {typeset:g} on a quiet core)", times.worked, trivial)
        compared(f"and signed  (aim: {signed:g})", times.worked + times.signing, trivial)
        heading(f"a {kind}, ms until it is there", "ours", "typst")
        compared("typeset, median, warm", median(times.typeset), median(typst))
        compared("typeset, one in ten is faster", p10(times.typeset), p10(typst))
        compared("and signed, median", median(times.signed), median(typst))
        heading("", "cold", "warm")
        compared("by a process that is started for it", cold(paper), median(times.typeset))


def together() -> None:
    """Papers a second by two processes that are asked by four threads, and by one that is asked by two."""
    heading("replies a second, typeset", "2 processes", "1 process")
    compared(f"on {os.cpu_count()} cores", rate(2), rate(1))


def rate(workers: int) -> float:
    pool, asked = Pool("notices.worker", workers, SECONDS), question(REPLY)

    def ask(_: int) -> bytes:
        return pool.ask(worker.WRITE, asked)

    with ThreadPoolExecutor(2 * workers) as askers:
        list(askers.map(ask, range(4 * workers)))
        begun = perf_counter()
        list(askers.map(ask, range(4 * TURNS)))
        took = perf_counter() - begun
    pool.close()
    return 4 * TURNS / took


def memory() -> None:
    """Resident memory of a process after some papers and after many, each of them another one."""
    process, seen = Process("notices.worker", SECONDS), []
    for number in range(1, PAPERS + 1):
        paper = ORDER if number % 2 else REPLY
        rest = chr(0x4E00 + number) * 3
        changed = Paper.from_json({**paper.to_json(), "template": f"{paper.template}<p>第{number}份{rest}</p>"})
        process.ask(worker.WRITE, question(changed))
        if number in {max(PAPERS // 10, 1), PAPERS}:
            seen.append(_resident(process.id))
    process.kill()
    heading(f"memory of a typesetting process, MB, after {PAPERS} papers", "then", f"after {PAPERS // 10}")
    compared("resident", seen[-1], seen[0], 1.05)


def _resident(process: int) -> float:
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024


def main() -> None:
    single()
    together()
    memory()


if __name__ == "__main__":
    main()
