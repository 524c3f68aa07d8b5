"""A report as JUnit XML: each finding a failed test case, each hop without one a passed case.

There is no standard; this keeps to the one strict schema there is, Jenkins' (junit-10.xsd of its xUnit plugin), which
GitLab and Azure read as well, and which gives a case no file and no line: its name tells them. What does not count for
the exit code is a skipped case with its reason, and a gap is an error: never a pass.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from xml.etree import ElementTree

from everyhop.model.finding import Finding
from everyhop.model.report import HopState, Report
from everyhop.model.secret import masked
from everyhop.model.sighting import Gap
from everyhop.model.tool import NAME
from everyhop.render.pointing import pointed
from everyhop.render.printable import printable, printable_lines
from everyhop.render.words import hop_endpoint, place_words, standing, told_words

Element = ElementTree.Element


def junit(report: Report, counts: Callable[[Finding], bool], base: str = "") -> str:
    """The document. What `counts` is a failure. `base` is what paths are relative to, seen from the repository."""
    cases = list(_cases(report, counts, base))
    totals = {
        "tests": len(cases),
        "failures": sum(case.find("failure") is not None for case in cases),
        "errors": sum(case.find("error") is not None for case in cases),
    }
    skipped = sum(case.find("skipped") is not None for case in cases)
    root = _element("testsuites", name=NAME, **totals)
    at = report.started.strftime("%Y-%m-%dT%H:%M:%S")  # the schema takes no offset
    suite = _element("testsuite", name=f"{NAME} {report.command}", **totals, skipped=skipped, timestamp=at)
    suite.extend(cases)
    root.append(suite)
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode")


def _cases(report: Report, counts: Callable[[Finding], bool], base: str) -> Iterator[Element]:
    for finding in report.findings:
        case = _case_of(finding, base)
        if counts(finding):
            case.append(_told("failure", finding))
        else:
            case.append(_element("skipped", message=f"{_weight(finding)}, not counted: {finding.message}"))
        yield case
    for reason, findings in (("waived", report.waived), ("known in the baseline", report.known)):
        for finding in findings:
            case = _case_of(finding, base)
            case.append(_element("skipped", message=f"{reason}: {finding.message}"))
            yield case
    for gap in report.gaps:
        yield _gap(gap)
    wrong = {finding.hop for finding in (*report.findings, *report.waived, *report.known)}
    wrong |= {gap.hop for gap in report.gaps}
    yield from (_hop(state, report) for state in report.hops if state.hop not in wrong)


def _case_of(finding: Finding, base: str) -> Element:
    at = pointed(finding, base)
    symbol = f"  {at.symbol}" if at and at.symbol else ""
    place = f"{at.path}:{at.line}{symbol}" if at else place_words(finding)
    return _element("testcase", classname=finding.rule, name=place)


def _told(kind: str, finding: Finding) -> Element:
    element = _element(kind, type=finding.rule, message=f"{finding.message} ({_weight(finding)})")
    element.text = printable_lines(told_words(finding))
    return element


def _weight(finding: Finding) -> str:
    return f"{finding.severity.word}, {finding.certainty.value}"


def _gap(gap: Gap) -> Element:
    case = _element("testcase", classname="gap", name=gap.where)
    error = _element("error", type="gap", message=gap.reason)
    error.text = printable_lines(masked(gap.hint))
    case.append(error)
    return case


def _hop(state: HopState, report: Report) -> Element:
    hop = state.hop
    name = f"{hop.dialer} → {hop.listener}  {hop_endpoint(state)}  {standing(state, report)}"
    return _element("testcase", classname="hop", name=name)


def _element(tag: str, **attributes: object) -> Element:
    """An element whose attributes are masked and without the control characters that XML cannot hold."""
    return Element(tag, {name: printable(masked(str(value))) for name, value in attributes.items()})
