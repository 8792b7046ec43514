"""YAML read safely, with the place of every key kept.

Only mappings with text keys, lists and plain scalars are read: no tags, no objects, no numbers that JSON cannot hold.
A key that stands twice is an error. `${inputs.NAME}` may also stand in a list in brackets, where YAML would take its
braces for a mapping.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode

from astrocnn.errors import InputMissing
from astrocnn.pipeline.problems import PipelineFileErrors, Problem

KeyPath = tuple[str | int, ...]
_TAG = "tag:yaml.org,2002:"
_SCALARS = {f"{_TAG}{name}" for name in ("str", "int", "float", "bool", "null")}
_MOST_NODES = 100_000
_DEEPEST = 50
_LARGEST = 2**63
_INPUT = re.compile(r"\$\{([^{}\n]*)\}")
_STAND_INS = str.maketrans({"\ue000": "{", "\ue001": "}"})


def dotted(path: KeyPath) -> str:
    """Write a key path as in messages and flags: `stages.lenses.number`, `inputs.tiles[0]`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text or "the file"


@dataclass
class Document:
    """Plain data and where each part of it was written.

    Attributes
    ----------
    data : Any
        Mappings, lists and scalars.
    places : dict
        Key path to `file:line`, or to the flag that set it.
    """

    data: Any
    places: dict[KeyPath, str] = field(default_factory=dict)

    def place(self, path: KeyPath) -> str:
        """Place of a key, or of the nearest key around it that was written down."""
        while path not in self.places and path:
            path = path[:-1]
        return self.places.get(path, "")

    def problem(self, path: KeyPath, text: str, level: str = "error") -> Problem:
        """Describe a problem at a key."""
        return Problem(self.place(path), dotted(path), text, level)


def _yaml() -> YAML:
    loader = YAML(typ="safe", pure=True)
    loader.composer.warn_double_anchors = False
    return loader


def _with_braces(text: str) -> str:
    """Undo the stand-ins that hide the braces of `${inputs.NAME}` from YAML."""
    return text.translate(_STAND_INS)


def read_document(path: Path) -> Document:
    """Read one YAML file.

    Raises
    ------
    InputMissing
        When the file cannot be read.
    PipelineFileErrors
        When it is not YAML, or holds tags, duplicate keys or keys that are not text.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8 text"
        raise InputMissing("cannot be read", where=str(path), expected="a pipeline file", received=reason) from error
    return parse_document(text, str(path))


def parse_document(text: str, name: str) -> Document:
    """Read YAML text; `name` stands for the file in messages. Raises as `read_document`."""
    loader = _yaml()
    try:
        node = loader.compose(_INPUT.sub("$\ue000\\1\ue001", text))
    except YAMLError as error:
        mark = error.problem_mark if isinstance(error, MarkedYAMLError) else None
        what = error.problem if isinstance(error, MarkedYAMLError) else str(error).splitlines()[0]
        place = f"{name}:{mark.line + 1}" if mark else name
        raise PipelineFileErrors([Problem(place, "the file", f"not valid YAML: {_with_braces(str(what))}")]) from error
    except KeyError as error:  # a %YAML line deep in the file, of a version that ruamel.yaml has no rules for
        what = "not valid YAML: a line %YAML within it, of a version that there is not; to fix, remove it"
        raise PipelineFileErrors([Problem(name, "the file", what)]) from error
    except RecursionError as error:
        raise PipelineFileErrors([Problem(name, "the file", "nested too deeply to be a pipeline file")]) from error
    reader = _NodeReader(name, loader)
    document = Document(reader.read(node, ()) if node is not None else None, reader.places)
    if reader.problems:
        raise PipelineFileErrors(reader.problems)
    return document


class _NodeReader:
    def __init__(self, name: str, loader: YAML) -> None:
        self.name = name
        self.loader = loader
        self.places: dict[KeyPath, str] = {(): name}
        self.problems: list[Problem] = []
        self.count = 0

    def read(self, node: Node, path: KeyPath) -> Any:
        self.count += 1
        if self.count > _MOST_NODES:
            raise PipelineFileErrors([Problem(self.name, "the file", f"more than {_MOST_NODES} values after aliases")])
        if len(path) > _DEEPEST:  # an alias inside what it names ends here too
            raise PipelineFileErrors([Problem(self._place(node), "the file", f"nested deeper than {_DEEPEST} levels")])
        self.places.setdefault(path, self._place(node))
        if isinstance(node, ScalarNode):
            return self._scalar(node, path)
        kind = "map" if isinstance(node, MappingNode) else "seq"
        if str(node.tag) != _TAG + kind:
            self._fault(node, path, f"the tag {node.tag} is not allowed; expected a plain mapping or list")
            return None
        if isinstance(node, MappingNode):
            return self._mapping(node, path)
        return [self.read(item, (*path, index)) for index, item in enumerate(node.value)]

    def _place(self, node: Node) -> str:
        return f"{self.name}:{node.start_mark.line + 1}"

    def _fault(self, node: Node, path: KeyPath, text: str) -> None:
        self.problems.append(Problem(self._place(node), dotted(path), text))

    def _mapping(self, node: MappingNode, path: KeyPath) -> dict[str, Any]:
        data: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, ScalarNode):
                self._fault(key_node, path, "a key must be text, received a mapping or a list")
                continue
            key = _with_braces(key_node.value)
            if str(key_node.tag) != f"{_TAG}str":
                self._fault(key_node, path, f"a key must be text, received {key!r}; to fix, quote it")
                continue
            if not _is_text(key):
                self._fault(key_node, path, f"a key must be text, received {key!r}")
                continue
            inner = (*path, key)
            if key in data:
                self._fault(key_node, inner, f"stands twice, first at {self.places[inner]}; to fix, keep one")
                continue
            self.places[inner] = self._place(key_node)
            data[key] = self.read(value_node, inner)
        return data

    def _scalar(self, node: ScalarNode, path: KeyPath) -> Any:
        kind = str(node.tag).removeprefix(_TAG)
        if kind == "timestamp":
            return node.value
        if str(node.tag) not in _SCALARS:
            expected = "plain text, a number, true, false or null"
            self._fault(node, path, f"the tag {node.tag} is not allowed; expected {expected}")
            return None
        try:
            value = self.loader.constructor.construct_object(node)
        except (ValueError, LookupError, YAMLError):  # ruamel raises LookupError for `!!bool x` and `!!int ''`
            self._fault(node, path, f"cannot be read as {kind}: {node.value[:80]!r}")
            return None
        if isinstance(value, str):
            value = _with_braces(value)
        if not _is_plain(value):
            self._fault(node, path, f"cannot be used: {node.value[:80]!r}; expected text or a finite number below 2^63")
            return None
        return value


def _is_plain(value: Any) -> bool:
    """Whether JSON and the hash of it can hold a scalar."""
    if isinstance(value, str):
        return _is_text(value)
    if isinstance(value, float):
        return math.isfinite(value)
    return not isinstance(value, int) or -_LARGEST <= value < _LARGEST


def _is_text(value: str) -> bool:
    """Whether text has no half of a surrogate pair, which no file can hold."""
    return not any("\ud800" <= letter <= "\udfff" for letter in value)


def parse_scalar(text: str) -> Any:
    """Read the value of a flag as YAML: `500`, `[0.5, 2.5]`, `null`, text."""
    return parse_document(text, "value").data
