"""The elements and the text of a page, with the standard library's parser."""

import re
from html.parser import HTMLParser


class Elements(HTMLParser):
    """All elements of a page in order: (tag, attributes), and the text of the whole."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[tuple[str, dict[str, str]]] = []
        self.words: list[str] = []
        self.open: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, {key: value or "" for key, value in attrs}))
        self.open.append(tag)

    def handle_endtag(self, tag):
        while self.open and self.open.pop() != tag:
            pass

    def handle_data(self, data):
        if self.open and self.open[-1] not in ("style", "script"):
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def attributes(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.found if name == tag]


def section(page: str, anchor: str) -> str:
    """The HTML of one section."""
    return re.search(rf'<section id="{anchor}".*?</section>', page, re.DOTALL)[0]
