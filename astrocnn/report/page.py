"""One self-contained HTML page from titled sections: nothing in it is fetched, and nothing in it can be injected.

Templates stand in `templates/` and escape every value that is not `Markup`. As a second wall, the page's own content
policy lets no request out and runs no script but the one whose hash it names.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from matplotlib.figure import Figure
from PIL import Image

from astrocnn.report.formats import number, plain
from astrocnn.report.theme import DARK, LIGHT, RESOLUTION, png_bytes


@dataclass(frozen=True)
class Section:
    """A part of the page.

    Attributes
    ----------
    title : str
        Heading.
    anchor : str
        Its `id`, for links.
    html : Markup
        Its body, safe HTML.
    lead : str
        A sentence below the heading.
    label : str
        A short word above the heading, such as the stage's name.
    volatile : bool
        Whether it tells of machine and time: such sections stand last, apart, and may differ between equal runs.
    """

    title: str
    anchor: str
    html: Markup
    lead: str = ""
    label: str = ""
    volatile: bool = False


@dataclass(frozen=True)
class KeyNumber:
    """A number that stands at the top: its value as text, what it is, and a remark such as its interval."""

    value: str
    label: str
    remark: str = ""
    anchor: str = ""


@functools.cache
def templates() -> Environment:
    """The package's templates: escaping is on for all of them, and an undefined name is an error."""
    environment = Environment(
        loader=PackageLoader("astrocnn.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(number=number, plain=plain)
    return environment


def render(template: str, **values: Any) -> Markup:
    """Fill a template; what is not `Markup` is escaped."""
    return Markup(templates().get_template(template).render(**values))  # noqa: S704, the template escapes


def data_uri(png: bytes) -> str:
    """A PNG as an address that needs no request."""
    return "data:image/png;base64," + base64.b64encode(png).decode("ascii")


def figure_html(draw: Callable[..., Figure], *args: Any, alt: str, caption: str = "", **kwargs: Any) -> Markup:
    """A figure drawn twice, for light and for dark pages; the browser shows the one that fits.

    Parameters
    ----------
    draw : callable
        A function of `report.figures`; called with the arguments that follow and with `theme=`.
    alt : str
        What the figure shows, for those who do not see it.
    caption : str
        Text below it.
    """
    light, dark = (draw(*args, theme=theme, **kwargs) for theme in (LIGHT, DARK))
    width, height = (round(100 * float(inches)) for inches in light.get_size_inches())
    uris = [data_uri(png_bytes(figure)) for figure in (light, dark)]
    return render("figure.html", light=uris[0], dark=uris[1], alt=alt, caption=caption, width=width, height=height)


def picture_html(png: bytes, *, alt: str, caption: str = "", resolution: int = RESOLUTION) -> Markup:
    """A figure that was drawn before, on light ground, as it stands in a file.

    Parameters
    ----------
    png : bytes
        The file's content.
    alt, caption : str
        What it shows, and the text below it.
    resolution : int
        Dots an inch that it was drawn with.
    """
    with Image.open(io.BytesIO(png)) as picture:
        width, height = (round(100 * side / resolution) for side in picture.size)
    return render("figure.html", light=data_uri(png), dark="", alt=alt, caption=caption, width=width, height=height)


def write_page(
    path: str | Path,
    title: str,
    subtitle: str,
    caveats: Sequence[str],
    key_numbers: Sequence[KeyNumber],
    sections: Sequence[Section],
) -> Path:
    """Write the page; the same bytes for the same arguments.

    Parameters
    ----------
    path : str or Path
        The HTML file; folders above it are made.
    title, subtitle : str
        Heading and the sentence below it.
    caveats : sequence of str
        Shown before anything else.
    key_numbers : sequence of KeyNumber
        Shown side by side below the caveats.
    sections : sequence of Section
        In order; the volatile ones are put last, in a part of their own.
    """
    environment = templates()
    source = environment.get_template("script.js").render()
    digest = base64.b64encode(hashlib.sha256(source.encode()).digest()).decode("ascii")
    html = render(
        "page.html",
        title=title,
        subtitle=subtitle,
        caveats=caveats,
        key_numbers=key_numbers,
        sections=[section for section in sections if not section.volatile],
        volatile=[section for section in sections if section.volatile],
        style=Markup(environment.get_template("style.css").render()),  # noqa: S704, our own file
        script=Markup(source),  # noqa: S704, our own file
        script_hash=digest,
    )
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(html, encoding="utf-8", newline="\n")
    return path
