"""The page itself: nothing can be injected, nothing is fetched, and its colours can be read."""

import base64
import hashlib
import re

import pytest
from markupsafe import Markup, escape
from report_page_elements import Elements
from report_written_run import HOSTILE

from astrocnn.report.page import KeyNumber, Section, render, templates, write_page
from astrocnn.report.theme import DARK, LIGHT


def write(tmp_path, **changed):
    given = {
        "title": HOSTILE, "subtitle": HOSTILE, "caveats": [HOSTILE],
        "key_numbers": [KeyNumber(HOSTILE, HOSTILE, HOSTILE, "a")],
        "sections": [Section(HOSTILE, "a", Markup("<p>safe</p>"), HOSTILE, HOSTILE)],
        **changed,
    }  # fmt: skip
    return write_page(tmp_path / "deep" / "index.html", **given).read_text(encoding="utf-8")


def test_text_is_shown_and_never_becomes_markup(tmp_path):
    html = write(tmp_path)
    assert HOSTILE not in html
    assert html.count(str(escape(HOSTILE))) >= 9
    elements = Elements(html)
    assert not elements.attributes("img")
    assert len(elements.attributes("script")) == 1
    assert "<p>safe</p>" in html


def test_every_template_escapes():
    environment = templates()
    assert environment.autoescape is True
    for name in environment.list_templates(extensions=["html"]):
        source, _, _ = environment.loader.get_source(environment, name)
        assert "|safe" not in source.replace(" ", ""), name
        assert "autoescape false" not in source, name


def test_the_content_policy_runs_the_pages_own_script_and_fetches_nothing(tmp_path):
    html = write(tmp_path)
    policy = next(meta["content"] for meta in Elements(html).attributes("meta") if "http-equiv" in meta)
    script = re.search(r"<script>(.*)</script>", html, re.DOTALL)[1]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["script-src"] == f"'sha256-{digest}'"
    assert rules["default-src"] == "'none'"
    assert rules["img-src"] == "data:"


def test_volatile_sections_stand_last_between_marks(tmp_path):
    sections = [Section("Times", "t", Markup("<p>1 s</p>"), volatile=True), Section("Fixed", "f", Markup("<p>2</p>"))]
    html = write(tmp_path, sections=sections)
    before, volatile = html.split("<!-- run information")
    assert "<p>2</p>" in before
    assert "<p>1 s</p>" not in before
    assert "<p>1 s</p>" in volatile
    assert html.index('href="#f"') < html.index('href="#t"')


def test_a_page_of_nothing_is_still_a_page(tmp_path):
    elements = Elements(write(tmp_path, title="Empty", subtitle="", caveats=[], key_numbers=[], sections=[]))
    assert "Before you believe" not in elements.text
    assert len(elements.attributes("h1")) == 1


def test_an_undefined_name_in_a_template_is_an_error():
    with pytest.raises(Exception, match="undefined"):
        render("figure.html", light="")


def luminance(colour: str) -> float:
    """Relative luminance of WCAG 2.2."""
    channels = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def palettes():
    css = templates().get_template("style.css").render()
    blocks = re.findall(r":root \{(.*?)\}", css, re.DOTALL)[:2]
    light, dark = (dict(re.findall(r"--(\w+): (#[0-9a-f]{6})", block)) for block in blocks)
    return {"light": light, "dark": {**light, **dark}}


def test_contrast_of_black_and_white_is_21():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_can_be_read_on_every_ground(theme):
    """WCAG 2.2 AA: 4.5 for text, 3 for what is drawn."""
    colours = palettes()[theme]
    for ground in ("page", "panel", "tint", "code", "notice"):
        for ink in ("ink", "soft", "link", "lens", "amber", "good", "bad", "other"):
            needed = 4.5 if ink in ("ink", "soft", "link", "lens", "amber") else 3
            assert contrast(colours[ink], colours[ground]) >= needed, (ink, ground)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
def test_figures_match_the_page_and_can_be_read(theme):
    assert theme.background == palettes()[theme.name]["panel"]
    assert min(contrast(colour, theme.background) for colour in (theme.ink, theme.soft_ink)) >= 4.5
    assert min(contrast(colour, theme.background) for colour in (theme.lens, theme.other, theme.sky)) >= 3
