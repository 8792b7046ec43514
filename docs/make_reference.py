"""Writes docs/stages.md from the parameter classes of the stages and networks; a test tells when it is out of date.

Run: `python docs/make_reference.py`.
"""

from __future__ import annotations

import json
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import astrocnn.stages
from astrocnn.networks import registry
from astrocnn.pipeline.registry import stage_named
from astrocnn.pipeline.stage import Edge, Outside

PAGE = Path(__file__).with_name("stages.md")
INTRODUCTION = """\
# Stages and networks

Every stage with its parameters, and every network with its options. Written by `docs/make_reference.py` from the
parameter classes. A key without a default must be given; a dotted key stands inside a mapping (`keep: {top: 200}`).
"""
Schema = dict[str, Any]


def page() -> str:
    """Return the text of docs/stages.md."""
    own = sorted(info.name.replace("_", "-") for info in pkgutil.iter_modules(astrocnn.stages.__path__))
    parts = [INTRODUCTION, *(_stage(use) for use in own)]
    parts += ["## Networks\n\nThey stand under `network:` and `options:` of `train`.\n"]
    parts += [_network(name) for name in registry.names() if registry.get(name).__module__.startswith("astrocnn.")]
    return "\n".join(parts)


def _stage(use: str) -> str:
    stage = stage_named(use)
    schema = stage.Parameters.model_json_schema(by_alias=True)
    products = {key: _product(edge) for key, edge in stage.Parameters.marked(Edge).items()}
    products |= dict.fromkeys(stage.Parameters.marked(Outside), "`${inputs.NAME}`")
    introduction = f"{stage.summary} Product: `{stage.produces}`."
    remark = _prose(schema["description"]).partition("; ")[2]
    introduction += f"\n\n{remark[0].upper()}{remark[1:]}." if remark else ""
    return _section("##", use, introduction, schema, products)


def _network(name: str) -> str:
    network = registry.get(name)
    smallest, largest = network.sizes
    axes = " and ".join(network.axis_names)
    text = f"{network.summary()} Inputs from {smallest} to {largest} pixels along {axes}. {network.paper}."
    return _section("###", name, text, network.model_json_schema(), {})


def _section(level: str, name: str, text: str, schema: Schema, products: dict[str, str]) -> str:
    rows = list(_rows(schema, schema.get("$defs", {}), products))
    table = ["| key | takes | default | meaning |", "|---|---|---|---|", *rows]
    return "\n".join([f"{level} {name}", "", text, "", *(table if rows else ["No options."]), ""])


def _product(edge: Edge) -> str:
    kind = "any product" if edge.kind == "any" else f"`{edge.kind}`"
    return kind + (", or splits of it" if edge.splits else "") + (", or a list of them" if edge.many else "")


def _rows(schema: Schema, models: Schema, products: dict[str, str], prefix: str = "") -> Iterator[str]:
    """Table rows of a model's keys, each followed by those of the models inside it."""
    described = _attributes(schema.get("description", ""))
    for key, field in schema["properties"].items():
        takes = products.get(key) or _takes(field, models)
        default = "" if key in schema.get("required", ()) else _default(field, key in products)
        meaning = field.get("description") or described.get(key) or ""
        if "const" in field:
            meaning = _prose(schema["description"])
        yield f"| `{prefix}{key}` | {takes} | {default} | {_cell(meaning)} |"
        if key not in products:
            for name, inner in _inner_models(field, models):
                yield from _rows(inner, models, {}, f"{prefix}{key}.{name}")


def _inner_models(field: Schema, models: Schema, inside: str = "") -> Iterator[tuple[str, Schema]]:
    """Models that a field holds, with what stands between its key and theirs."""
    if "$ref" in field:
        yield inside, models[field["$ref"].rpartition("/")[2]]
    for option in [*field.get("anyOf", ()), *field.get("oneOf", ())]:
        yield from _inner_models(option, models, inside)
    if _values(field) is not None:
        yield from _inner_models(_values(field), models, f"{inside}NAME.")


def _takes(field: Schema, models: Schema) -> str:
    options = [option for option in [*field.get("anyOf", ()), *field.get("oneOf", ())] if option.get("type") != "null"]
    if options:
        return " or ".join(dict.fromkeys(_takes(option, models) for option in options))
    if "const" in field or "enum" in field:
        return ", ".join(f"`{value}`" for value in field.get("enum", [field.get("const")]))
    if "prefixItems" in field:
        return f"[{', '.join(_takes(item, models) for item in field['prefixItems'])}]"
    if field.get("type") == "array":
        return f"list of {_takes(field.get('items', {}), models)}"
    if field.get("type") == "object" or "$ref" in field:
        values = _values(field)
        return "mapping" if values is None else f"NAME: {_takes(values, models)}"
    names = {"number": "number", "integer": "whole number", "string": "text", "boolean": "true or false"}
    return names.get(field.get("type", ""), "anything") + _bounds(field)


def _values(field: Schema) -> Schema | None:
    """Schema of what a mapping with free names holds."""
    found = [*field.get("patternProperties", {}).values(), field.get("additionalProperties")]
    return found[0] if isinstance(found[0], dict) else None


def _bounds(field: Schema) -> str:
    words = {"minimum": "from", "exclusiveMinimum": "above", "maximum": "to", "exclusiveMaximum": "below"}
    found = [f"{word} {field[key]:g}" for key, word in words.items() if key in field]
    return f" {' '.join(found)}" if found else ""


def _default(field: Schema, is_product: bool) -> str:
    value = field.get("default")
    if is_product or value is None or value in ({}, [], ""):
        return "none"
    if "$ref" in field:
        return "as below"
    return f"`{value if isinstance(value, str) else json.dumps(value)}`"


def _attributes(docstring: str) -> dict[str, str]:
    """Descriptions in the numpydoc section `Attributes` of a model without its own."""
    section = docstring.partition("Attributes\n----------\n")[2]
    entries = re.findall(r"^(\w[\w, ]*) : [^\n]*\n((?:    [^\n]*\n?)+)", section, re.MULTILINE)
    return {name: _prose(text) for names, text in entries for name in names.split(", ")}


def _prose(text: str) -> str:
    return " ".join(text.partition("\n\n")[0].split()).removesuffix(".")


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
