"""YAML read safely, with the place of every key kept.

Only mappings with text keys, lists and plain scalars are read: no tags, no objects. A key that stands twice is an error.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from astrocnn.errors import InputMissing
from astrocnn.pipeline.problems import Problem, PipelineFileErrors

KeyPath = tuple[str | int, ...]
_SCALARS = {f"tag:yaml.org,2002:{name}" for name in ("str", "int", "float", "bool", "null")}
_MOST_NODES = 100_000


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
    return YAML(typ="safe", pure=True)


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
        node = loader.compose(text)
    except YAMLError as error:
        mark = error.problem_mark if isinstance(error, MarkedYAMLError) else None
        what = error.problem if isinstance(error, MarkedYAMLError) else str(error).splitlines()[0]
        place = f"{name}:{mark.line + 1}" if mark else name
        raise PipelineFileErrors([Problem(place, "the file", f"not valid YAML: {what}")]) from error
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
        self.places.setdefault(path, self._place(node))
        if isinstance(node, MappingNode):
            return self._mapping(node, path)
        if isinstance(node, SequenceNode):
            return [self.read(item, (*path, index)) for index, item in enumerate(node.value)]
        return self._scalar(node, path)

    def _place(self, node: Node) -> str:
        return f"{self.name}:{node.start_mark.line + 1}"

    def _fault(self, node: Node, path: KeyPath, text: str) -> None:
        self.problems.append(Problem(self._place(node), dotted(path), text))

    def _mapping(self, node: MappingNode, path: KeyPath) -> dict[str, Any]:
        data: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, ScalarNode) or str(key_node.tag) != "tag:yaml.org,2002:str":
                self._fault(key_node, path, f"a key must be text, received {key_node.value!r}; to fix, quote it")
                continue
            key = key_node.value
            inner = (*path, key)
            if key in data:
                self._fault(key_node, inner, f"stands twice, first at {self.places[inner]}; to fix, keep one")
                continue
            self.places[inner] = self._place(key_node)
            data[key] = self.read(value_node, inner)
        return data

    def _scalar(self, node: ScalarNode, path: KeyPath) -> Any:
        if str(node.tag) not in _SCALARS:
            if str(node.tag) == "tag:yaml.org,2002:timestamp":
                return node.value
            self._fault(node, path, f"the tag {node.tag} is not allowed; expected plain text, a number, true, false or null")
            return None
        try:
            return self.loader.constructor.construct_object(node)
        except (ValueError, YAMLError):
            self._fault(node, path, f"cannot be read as {str(node.tag).rsplit(':', 1)[-1]}: {node.value!r}")
            return None


def parse_scalar(text: str) -> Any:
    """Read the value of a flag as YAML: `500`, `[0.5, 2.5]`, `null`, text."""
    return parse_document(text, "value").data
