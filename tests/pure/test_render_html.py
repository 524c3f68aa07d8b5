"""The page: self-contained, harmless, and saying in words what it says in colours."""

import re
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from everyhop.model.baseline import Known
from everyhop.model.endpoint import TcpEndpoint
from everyhop.model.evidence import Quote, SourceSpan
from everyhop.model.hop import Hop
from everyhop.model.report import Report
from everyhop.model.wire import Wire
from everyhop.render.html import html
from everyhop.render.picture import Box, Direction, Picture, picture
from everyhop.render.story import Outcome, Step
from tests import reports
from tests.snapshots import agrees

STORY = (
    Step("Find", "An eavesdropper reads a tip", "What a relay recorded:", ("INSERT INTO tip …", "<b>&amp;</b>")),
    Step("Prove", "A relay that strips TLS is refused", outcome=Outcome.HELD),
    Step("Prove", "An attacker's certificate is refused", outcome=Outcome.FAILED),
)
REPORTS = [
    reports.empty(),
    reports.exposed(),
    reports.clean(),
    reports.undetermined(),
    reports.crowded(),
    reports.hostile(),
]
VOID = {"meta", "br", "path", "rect", "use", "ellipse", "circle"}


class Page(HTMLParser):
    """Tags with their attributes, and whether each that opens also closes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1:] != ["style"]:
            self.words.append(data.strip())

    def attributes(self, name: str) -> Iterator[str]:
        return (value for _, attributes in self.tags if (value := attributes.get(name)) is not None)


def body(text: str) -> str:
    """Without the style, which is the same everywhere."""
    return re.sub(r"<style>.*?</style>|sha256-[^']*", "", text, flags=re.DOTALL)


def test_the_whole_page() -> None:
    """Every word and every line of the picture."""
    agrees("exposed.html", body(html(reports.exposed())) + "\n")


def test_the_whole_story() -> None:
    """Two maps side by side, and what happened in between."""
    agrees("story.html", body(html(reports.after(), reports.before(), STORY)) + "\n")


@pytest.mark.parametrize("report", REPORTS)
def test_it_is_whole_and_asks_for_nothing_from_elsewhere(report: Report) -> None:
    """Tags close; no script, no address, no handler; every reference leads into the page itself."""
    text = html(report, reports.before(), STORY)
    page = Page(text)
    assert page.open == []
    assert not {"script", "link", "img", "iframe", "object", "form", "base", "a"} & {tag for tag, _ in page.tags}
    assert not [name for _, attributes in page.tags for name in attributes if name.startswith("on") or name == "style"]
    ids = set(page.attributes("id"))
    assert all(reference.removeprefix("#") in ids for reference in page.attributes("href"))
    assert "url(" not in re.sub(r"url\(#arrow-\w+\)", "", text)
    assert "@import" not in text


def test_its_policy_forbids_what_it_does_not_do() -> None:
    """Only its own style, by hash; nothing else, should anything ever slip in."""
    page = Page(html(reports.exposed()))
    policy = next(a["content"] for _, a in page.tags if a.get("http-equiv") == "Content-Security-Policy")
    assert policy is not None
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy


def test_hostile_text_is_only_text() -> None:
    """No tag, no control character, no reordering, no password comes out of a file or a server."""
    page = html(reports.hostile(), reports.hostile(), [Step("Find", reports.HOSTILE, "", (reports.HOSTILE,))])
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", page)
    assert "hunter2" not in page


def test_the_words_stand_beside_the_colours() -> None:
    """Grade, severity, certainty, assurance and outcome can be read."""
    words = Page(html(reports.exposed(), None, STORY)).words
    assert {"F", "A+", "high", "certain", "encrypted", "verify-full", "local socket", "held", "failed"} <= set(words)


@pytest.mark.parametrize(
    ("report", "headline"),
    [
        (reports.exposed(), "1 of 3 hops is exposed"),
        (reports.before(), "3 of 4 hops are exposed"),
        (reports.clean(), "Every hop holds"),
        (reports.undetermined(), "Nothing was found wrong, as far as could be seen"),
        (reports.empty(), "Nothing was there to be judged"),
    ],
)
def test_the_headline_claims_no_more_than_was_seen(report: Report, headline: str) -> None:
    """A gap or a possible finding is no "every hop holds"."""
    assert f"<h1>{headline}</h1>" in html(report)


def overlap(one: Box, other: Box) -> bool:
    return (
        one.x < other.x + other.width
        and other.x < one.x + one.width
        and one.y < other.y + other.height
        and other.y < one.y + one.height
    )


def drawn(report: Report, direction: Direction) -> Picture:
    map_ = picture(report, direction)
    assert map_ is not None
    return map_


def lies_apart(report: Report, direction: Direction) -> None:
    map_ = drawn(report, direction)
    labels = [Box(leg.x - 88, leg.y - 21, 176, 42, leg.words, "", "") for leg in map_.legs]
    things = [*map_.boxes, *labels]
    for place, one in enumerate(things):
        assert one.x >= 0
        assert one.x + one.width <= map_.width
        assert one.y >= 0
        assert one.y + one.height <= map_.height
        assert not [other for other in things[place + 1 :] if overlap(one, other)]


@pytest.mark.parametrize("direction", list(Direction))
@pytest.mark.parametrize("report", REPORTS[1:])
def test_nothing_in_the_picture_lies_on_anything_else(report: Report, direction: Direction) -> None:
    """Boxes and labels stay apart and inside."""
    lies_apart(report, direction)


NAMES = st.sampled_from(["browser", "nginx", "app", "worker", "db"])
HOPS = st.builds(
    Hop,
    name=st.text("abc", min_size=1, max_size=3),
    dialer=NAMES,
    listener=NAMES,
    wire=st.sampled_from(Wire),
    endpoint=st.none() | st.builds(TcpEndpoint, st.sampled_from(["a", "b"]), st.just(1)),
)


@given(st.lists(HOPS, min_size=1, max_size=8, unique_by=lambda hop: hop.name), st.sampled_from(Direction))
def test_whatever_dials_whatever_the_picture_has_room_for_it(hops: list[Hop], direction: Direction) -> None:
    """Circles, twins and islands too: every hop has its arrow, nothing lies on anything."""
    report = reports.report([reports.dials(hop, reports.PLAINTEXT) for hop in hops])
    assert len(drawn(report, direction).legs) == len(hops)
    lies_apart(report, direction)


def test_a_program_that_listens_and_dials_is_one_box() -> None:
    """browser → nginx → flask → mariadb are four boxes in a row."""
    boxes = drawn(reports.clean(), Direction.ACROSS).boxes
    assert [box.name for box in boxes] == ["browser", "nginx", "flask", "mariadb"]
    assert len({box.y for box in boxes}) == 1
    assert [box.x for box in boxes] == sorted(box.x for box in boxes)


def test_one_database_is_one_box_and_two_roads_are_two() -> None:
    """Two dialers at one endpoint share it; two hops between the same two programs are drawn apart."""
    names = [box.name for box in drawn(reports.crowded(), Direction.DOWN).boxes]
    assert names.count("postgresql") == 1
    assert names.count("mysql") == 3


def test_hops_in_a_circle_are_drawn_all_the_same() -> None:
    """Two services that dial each other, or one that dials itself, end in a picture."""
    one, two = reports.DB, reports.APP
    there = type(one)("there", "a", "b", one.wire, one.endpoint)
    back = type(two)("back", "b", "a", two.wire, two.endpoint)
    self_ = type(two)("self", "a", "a", two.wire, two.endpoint)
    report = reports.report([reports.dials(hop, reports.PLAINTEXT) for hop in (there, back, self_)])
    for direction in Direction:
        assert len(drawn(report, direction).legs) == 3


def test_no_hops_no_picture() -> None:
    """An empty report has a page without a map."""
    assert picture(reports.empty(), Direction.ACROSS) is None
    assert 'class="map' not in html(reports.empty())


def test_the_source_line_is_marked_and_a_baseline_is_told() -> None:
    """Whatever stands in the line is text."""
    found = reports.exposed().findings[0]
    span = SourceSpan("a.py", 7, 5, 7, 8, "read", quote=Quote("    <b>x</b>", 4, 7))
    report = replace(
        reports.exposed(),
        findings=(replace(found, evidence=(span,)),),
        known=(found,),
        gone=(Known("old<i>.py", "drift", "f" * 32, "it drifts"),),
    )
    page = html(report)
    assert '<span class="number">7</span><mark>&lt;b&gt;</mark>x&lt;/b&gt;</pre>' in page
    assert '<p class="seen"><b>read</b> read</p>' in page
    assert "Known in the baseline, and still there" in page
    assert "<b>drift</b> old&lt;i&gt;.py" in page
