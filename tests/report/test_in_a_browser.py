"""The page in a real browser: on a desk and on a telephone, by day and by night, by keyboard.

Skipped where no Chromium is found (CHROMIUM=... names one). SCREENSHOTS=folder keeps what was seen.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import minicnn as mc
from tests.left_out import needs
from tests.report.browser import Browser, find_browser
from tests.report.conftest import PETS, of_pictures

PROGRAM = find_browser()
pytestmark = needs(
    PROGRAM, "in a browser", "no Chromium: apt install chromium, or name one in CHROMIUM"
)
DESK, TELEPHONE = 1280, 390
LONG = "a class with quite a long name, <b>and no</b> place to break: " + "x" * 60


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    assert PROGRAM is not None
    with Browser(PROGRAM, tmp_path_factory.mktemp("profile")) as it:
        yield it


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a run with everything on it, and names that don't fit."""
    path = tmp_path_factory.mktemp("report") / "run.html"
    x, y = PETS
    training = mc.data.Pictures(x[:24], y[:24], batch_size=6, augment="classic")
    model = of_pictures(gradients=[mc.GradientNorms()])
    watching = mc.Report(path, class_names=["cat", LONG], title="little pets")
    model.fit(training, epochs=4, validation_data=(x[24:], y[24:]), verbose=0, callbacks=[watching])
    return path


def keep(name: str, picture: bytes) -> None:
    if folder := os.environ.get("SCREENSHOTS"):
        Path(folder).mkdir(parents=True, exist_ok=True)
        (Path(folder) / f"{name}.png").write_bytes(picture)


@pytest.mark.parametrize("width", [DESK, TELEPHONE])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_it_is_seen_by_day_and_by_night(browser, report, width, dark):
    browser.open(report, width, dark=dark)
    keep(f"{width}-{'dark' if dark else 'light'}", browser.screenshot(whole=True))
    pixels = browser.pixels().astype(float)
    assert pixels.shape == (900, width, 3)
    background = np.median(pixels.reshape(-1, 3), axis=0)
    assert (background < 60).all() if dark else (background > 220).all()
    assert (np.abs(pixels - background).max(axis=-1) > 60).mean() > 0.01  # there is writing on it
    assert browser.evaluate("document.fonts.size === 0")  # no font from elsewhere


@pytest.mark.parametrize("width", [DESK, 768, TELEPHONE, 320])
def test_nothing_sticks_out_to_the_right(browser, report, width):
    browser.open(report, width)
    browser.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    assert browser.evaluate("document.documentElement.scrollWidth") <= width
    sticking_out = """[...document.body.querySelectorAll('*')].filter(e =>
        !e.closest('.scroll, .skip, thead, svg') && e.getBoundingClientRect().right > WIDTH + 1
    ).map(e => e.outerHTML.slice(0, 80))"""
    assert browser.evaluate(sticking_out.replace("WIDTH", str(width))) == []


def test_nothing_is_fetched_and_nothing_complains(browser, report):
    browser.open(report)
    requests = [e["params"]["request"]["url"] for e in browser.events
                if e.get("method") == "Network.requestWillBeSent"]  # fmt: skip
    others = [url for url in requests if not url.startswith("data:image/")]
    assert others == [report.resolve().as_uri()]
    complaints = ("Log.entryAdded", "Runtime.exceptionThrown", "Runtime.consoleAPICalled")
    assert [e for e in browser.events if e.get("method") in complaints] == []
    broken = "[...document.images].filter(i => !i.complete || !i.naturalWidth).length"
    assert browser.evaluate(broken) == 0


def test_the_policy_forbids_what_the_page_does_not_need(browser, report, tmp_path):
    """If an escape were forgotten, the browser would still run nothing."""
    bad = "<script>window.hurt = 1</script><img src=x onerror='window.hurt = 2'><h1>here</h1>"
    page = tmp_path / "bad.html"
    text = report.read_text(encoding="utf-8")
    page.write_text(text.replace("<h1>", f"{bad}<h1>", 1), encoding="utf-8")
    browser.open(page)
    seen = "[window.hurt === undefined, document.querySelectorAll('h1').length]"
    assert browser.evaluate(seen) == [True, 2]


def test_the_keyboard_reaches_everything_and_shows_where_it_is(browser, report):
    browser.open(report)
    stops_of = "[...document.querySelectorAll('a, summary, [tabindex=\"0\"]')]"
    open_ones = f"{stops_of}.filter(e => !e.closest('details .scroll'))"
    in_order = browser.evaluate(f"{open_ones}.map(e => e.outerHTML.slice(0, 60))")
    where = "document.activeElement.outerHTML.slice(0, 60)"
    outline = "getComputedStyle(document.activeElement).outlineStyle"
    stops = []
    for _ in in_order:
        browser.press("Tab", 9)
        stops.append(browser.evaluate(where))
        assert browser.evaluate(outline) == "solid", stops[-1]
    assert stops == in_order
    assert 'class="skip"' in stops[0]


def test_the_skip_link_comes_into_sight_and_skips(browser, report):
    browser.open(report)
    place = "document.querySelector('.skip').getBoundingClientRect().left"
    assert browser.evaluate(place) < 0
    browser.press("Tab", 9)
    assert browser.evaluate(place) >= 0
    browser.evaluate("document.activeElement.click()")
    assert browser.evaluate("document.activeElement.id") == "main"


def test_a_screen_reader_is_told_everything(browser, report):
    browser.open(report)
    nodes = browser.ask("Accessibility.getFullAXTree")["nodes"]
    told = [
        (node["role"]["value"], node.get("name", {}).get("value", ""))
        for node in nodes
        if not node.get("ignored") and "role" in node
    ]
    roles = {role for role, _ in told}
    assert {"main", "navigation", "banner", "contentinfo", "table", "status", "region"} <= roles
    assert ("navigation", "On this page") in told
    for role in ("image", "img", "table", "region", "link", "heading"):
        assert all(name.strip() for its, name in told if its == role), role
    pictures = [name for role, name in told if role in ("image", "img")]
    assert any(name.startswith("Loss over 4 epochs. Training: from ") for name in pictures)
    assert any(name.startswith("Area under the ROC curve 0.") for name in pictures)


# ---- contrast ------------------------------------------------------------------------------------

TEXTS = """[...document.body.querySelectorAll('*')].filter(e =>
    [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()) && e.getClientRects().length
    && !e.closest('.skip')
).map(e => {
    const style = getComputedStyle(e), behind = [];
    for (let up = e; up; up = up.parentElement) behind.push(getComputedStyle(up).backgroundColor);
    return [e.closest('svg') ? style.fill : style.color, behind, e.textContent.trim().slice(0, 40)];
})"""


def numbers(colour: str) -> np.ndarray:
    """``rgba(1, 2, 3, 0.5)`` as four numbers."""
    parts = [float(part) for part in colour[colour.index("(") + 1 : -1].split(",")]
    return np.array([*parts, 1.0][:4])


def luminance(rgb: np.ndarray) -> float:
    c = rgb / 255
    linear = np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)
    return float(linear @ (0.2126, 0.7152, 0.0722))


def contrast(one: np.ndarray, other: np.ndarray) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_every_text_can_be_read(browser, report, dark):
    browser.open(report, dark=dark)
    texts = browser.evaluate(TEXTS)
    assert len(texts) > 150
    faint = []
    for colour, behind, text in texts:
        paper = np.array([255.0, 255, 255])
        for layer in map(numbers, reversed(behind)):
            paper = layer[3] * layer[:3] + (1 - layer[3]) * paper
        ratio = contrast(numbers(colour)[:3], paper)
        if ratio < 4.5:
            faint.append((round(ratio, 2), text))
    assert faint == []


def test_lines_are_seen_on_their_cards(browser, report):
    for dark in (False, True):
        browser.open(report, dark=dark)
        card = numbers(
            browser.evaluate("getComputedStyle(document.querySelector('.card')).backgroundColor")
        )
        for look in ("look0", "look1"):
            line = numbers(browser.evaluate(
                f"getComputedStyle(document.querySelector('.line.{look}')).stroke"))  # fmt: skip
            assert contrast(line[:3], card[:3]) > 3


def test_it_prints_black_on_white(browser, report):
    browser.open(report, dark=True)
    browser.ask("Emulation.setEmulatedMedia", media="print")
    try:
        assert (
            browser.evaluate("getComputedStyle(document.body).backgroundColor")
            == "rgb(255, 255, 255)"
        )
        assert browser.evaluate("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"
        assert len(browser.ask("Page.printToPDF")["data"]) > 10_000
    finally:
        browser.ask("Emulation.setEmulatedMedia", media="")
