"""The rendered book in a real browser (Debian's chromium), opened from the disk as a reader would."""

import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import binom

from kellylib import bet_growth, kelly_fraction

HTML = Path(__file__).resolve().parents[1] / "_build" / "html"
PAGES = sorted(p for p in HTML.glob("[bn]*/*.html"))
CHAPTERS = [p for p in PAGES if p.parent.name == "notebooks"]
CHROMIUM = shutil.which("chromium")
pytestmark = [
    pytest.mark.skipif(not CHROMIUM, reason="no chromium: apt-get install chromium"),
    pytest.mark.skipif(not PAGES, reason="no book built: make book"),
]
NAME = {"ids": lambda p: p.stem}
# a page may say these on the console; anything else is an error
QUIET = re.compile(r"\[PST\]|\[togglebutton\]")
# from a disk, not from a server, the search may not fetch its excerpts
NO_EXCERPTS = re.compile(r"Failed to fetch|Access to fetch at 'file:|net::ERR_FAILED")


# what a reader of a phone cannot bring into view: too wide, and in nothing that scrolls
CUT_OFF = """() => [...document.querySelectorAll('.bd-article *')].filter((e) => {
    const box = e.getBoundingClientRect();
    if (!box.width || !box.height || box.right <= innerWidth + 1) return false;
    if (e.closest('mjx-assistive-mml')) return false;
    for (let up = e.parentElement; up; up = up.parentElement)
        if (/auto|scroll/.test(getComputedStyle(up).overflowX)) return up === document.documentElement;
    return true;
}).map((e) => e.tagName + ': ' + e.textContent.slice(0, 60))"""


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        # no sandbox: continuous integration runs as root, and the pages are our own
        chromium = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture
def visit(browser):
    """Open a page; at the end of the test nothing may have gone wrong or been asked of the network."""
    contexts, wrong = [], []

    def note(text, quiet):
        if not (quiet and quiet.search(text)) and not QUIET.search(text):
            wrong.append(text)

    def open_page(path, query="", width=1280, height=900, **options):
        contexts.append(browser.new_context(viewport={"width": width, "height": height}, **options))
        page = contexts[-1].new_page()
        quiet = NO_EXCERPTS if query else None
        page.on("console", lambda m: note(m.text, quiet))
        page.on("pageerror", lambda error: note(str(error), quiet))
        page.on("request", lambda r: r.url.startswith(("file:", "data:")) or wrong.append(r.url))
        if not query and options.get("java_script_enabled", True):  # without it scripts are not fetched
            page.on("requestfailed", lambda request: wrong.append(request.url))
        page.goto(path.as_uri() + query)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not wrong


@pytest.mark.parametrize("path", PAGES, **NAME)
def test_page_is_typeset_and_fits_phone_and_wide_screen(visit, path):
    page = visit(path, width=390, height=844)
    formulas = page.locator(".math").count()
    if formulas:
        page.wait_for_function("window.MathJax && MathJax.startup && MathJax.startup.promise")
        page.evaluate("MathJax.startup.promise")
        assert page.locator("mjx-container").count() >= formulas
        assert page.locator("mjx-merror, mjx-container [style*='color: red']").count() == 0
        assert page.locator("mjx-container:visible").first.bounding_box()["height"] > 5
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.evaluate(CUT_OFF) == []
    page.set_viewport_size({"width": 1920, "height": 1080})
    assert page.evaluate("document.documentElement.scrollWidth") <= 1920
    sizes = page.evaluate("[...document.querySelectorAll('.bd-article img')].map(i => i.naturalWidth)")
    assert all(size > 100 for size in sizes), "a figure is missing"


def test_search_finds_a_word(visit):
    page = visit(HTML / "search.html", "?q=drawdown")
    page.locator("#search-results li").first.wait_for()
    hits = page.locator("#search-results li a").all_inner_texts()
    assert any("Glossary" in h or "drawdown" in h.lower() for h in hits), hits


@pytest.mark.parametrize("path", CHAPTERS, **NAME)
def test_chapter_copies_a_cell_opens_a_solution_and_unfolds_code(visit, path):
    page = visit(path, permissions=["clipboard-read", "clipboard-write"])
    cell = page.locator("div.cell_input div.highlight").first
    cell.hover()
    cell.locator("button.copybtn").click()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.strip() == cell.locator("pre").inner_text().strip() and "import" in copied

    solution = page.locator(".solution.dropdown").first
    text = solution.locator(".solution-content, section").first
    assert not text.is_visible()
    solution.locator("button.toggle-button, summary").first.click()
    assert text.is_visible()

    folded = page.locator("details.hide").first
    assert not folded.locator("pre").first.is_visible()
    folded.locator("summary").click()
    assert folded.locator("pre").first.is_visible()


def test_dark_mode_switches(visit):
    page = visit(CHAPTERS[0], color_scheme="light")
    ground = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(ground)
    for _ in range(3):  # auto, light, dark
        page.locator("button.theme-switch-button").first.click()
        if page.evaluate("document.documentElement.dataset.theme") == "dark":
            break
    assert sum(map(int, re.findall(r"\d+", page.evaluate(ground))[:3])) < 150
    assert sum(map(int, re.findall(r"\d+", light)[:3])) > 600
    image = page.locator(".bd-article img").first
    assert image.evaluate("e => getComputedStyle(e).backgroundColor") == "rgb(255, 255, 255)"


def test_chapter_is_readable_without_javascript(visit):
    page = visit(HTML / "notebooks" / "01_coin.html", java_script_enabled=False)
    text = page.locator(".bd-article").inner_text()
    assert "One coin" in text and len(text.split()) > 1500
    assert page.locator(".bd-article img").first.is_visible()


# ---- the interactive figure

INTRO = HTML / "book" / "intro.html"
STAKES = [
    (0.2, 0.6, 1.0),
    (0.35, 0.6, 1.0),
    (0.05, 0.3, 4.0),
    (0.9, 0.95, 0.2),
    (0.5, 0.4, 1.0),
    (0.0, 0.6, 1.0),
]


def break_even(p, b):
    from scipy.optimize import brentq

    best = kelly_fraction(p, b)
    return brentq(lambda f: bet_growth(f, p, b), best, 1 - 2**-53, xtol=1e-15) if best > 0 else 0.0


def test_figure_computes_what_kellylib_computes(visit):
    page = visit(INTRO)
    stakes = np.array([0.0, 0.1, 0.2, 0.5, 0.95])
    for p in (0.05, 0.3, 0.5, 0.6, 0.95):
        for b in (0.2, 1.0, 5.0):
            assert page.evaluate(f"Kelly.fraction({p}, {b})") == pytest.approx(
                kelly_fraction(p, b), abs=1e-15
            )
            growth = page.evaluate(f"{stakes.tolist()}.map(f => Kelly.growth(f, {p}, {b}))")
            np.testing.assert_allclose(growth, bet_growth(stakes, p, b), rtol=0, atol=1e-15)
            assert page.evaluate(f"Kelly.breakEven({p}, {b})") == pytest.approx(break_even(p, b), abs=1e-9)
        cdf = page.evaluate(f"Kelly.cumulative(200, {p})")
        np.testing.assert_allclose(cdf, binom.cdf(np.arange(201), 200, p), rtol=0, atol=1e-12)
        levels = page.evaluate(f"[0.1, 0.5, 0.9].map(a => Kelly.quantile(Kelly.cumulative(200, {p}), a))")
        np.testing.assert_array_equal(levels, binom.ppf([0.1, 0.5, 0.9], 200, p))
    assert page.evaluate("Kelly.growth(1, 0.6, 1) === -Infinity && Kelly.growth(1, 1, 1) === Math.log(2)")


@pytest.mark.parametrize("f, p, b", STAKES)
def test_figure_prints_what_kellylib_computes(visit, f, p, b):
    page = visit(INTRO)
    for name, value in {"f": f, "p": p, "b": b}.items():
        page.locator(f".kelly-play input[name={name}]").fill(str(value))
    said = page.locator(".kelly-play output").inner_text()
    best = kelly_fraction(p, b)
    assert f"Growth {bet_growth(f, p, b):.4f} nats".replace("-0.0000", "0.0000") in said
    assert f"best {bet_growth(best, p, b):.4f} at {best:.3f}; negative above {break_even(p, b):.3f}" in said
    won = np.arange(201)
    behind = binom.pmf(won, 200, p)[won * np.log1p(b * f) + (200 - won) * np.log1p(-f) < 0].sum()
    assert f"probability {behind:.3f}" in said


def test_figure_reacts_to_keys_and_to_a_drag(visit):
    page = visit(INTRO)
    slider, said = page.locator(".kelly-play input[name=f]"), page.locator(".kelly-play output")
    assert "The Kelly stake" in said.inner_text()
    slider.focus()
    page.keyboard.press("ArrowRight")
    assert float(slider.input_value()) == pytest.approx(0.205)
    page.keyboard.press("End")
    assert "Ruin" in said.inner_text() and "−∞" in said.inner_text()
    box = page.locator(".kelly-play svg.growth").bounding_box()
    before = page.locator(".kelly-play svg.wealth .plot").inner_html()
    page.mouse.move(box["x"] + box["width"] * 0.9, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 46 / 360, box["y"] + box["height"] / 2, steps=5)
    page.mouse.up()
    assert float(slider.input_value()) == pytest.approx(0, abs=0.005)
    assert "nothing gained" in said.inner_text()
    assert page.locator(".kelly-play svg.wealth .plot").inner_html() != before


def test_figure_reacts_to_touch_and_draws_new_tosses(visit):
    page = visit(INTRO, width=390, height=844, has_touch=True, is_mobile=True)
    growth = page.locator(".kelly-play svg.growth")
    growth.scroll_into_view_if_needed()
    box = growth.bounding_box()
    page.touchscreen.tap(box["x"] + box["width"] * (46 + 304 * 0.5) / 360, box["y"] + box["height"] / 2)
    assert float(page.locator(".kelly-play input[name=f]").input_value()) == pytest.approx(0.5, abs=0.01)
    paths = page.locator(".kelly-play .path").first
    before = paths.get_attribute("d")
    page.locator(".kelly-play button").tap()
    assert paths.get_attribute("d") != before


def test_figure_has_a_static_twin_for_paper_and_without_javascript(visit):
    page = visit(INTRO, java_script_enabled=False)
    image = page.locator(".kelly-play img")
    assert image.is_visible() and len(image.get_attribute("alt")) > 50
    assert image.evaluate("i => i.naturalWidth") > 500
