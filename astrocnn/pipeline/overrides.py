"""Profiles and `--set` laid over a file: file < profile < flags; mappings are merged, everything else is replaced.

Neither adds a stage or an input: what they name must stand in the file. Keys of a stage that the file leaves at their
defaults may be set.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from astrocnn.pipeline.document import Document, KeyPath, dotted, parse_scalar
from astrocnn.pipeline.problems import PipelineFileErrors, Problem
from astrocnn.spelling import suggestion

_STEP = re.compile(r"([^.\[\]]+)|\[(\d+)\]")
_CLOSED = {"stages": "stage", "inputs": "input"}


def _copy_places(document: Document, source: KeyPath, target: KeyPath) -> None:
    for path, place in list(document.places.items()):
        if path[: len(source)] == source:
            document.places[(*target, *path[len(source) :])] = place


def _merge(document: Document, over: Any, under: Any, source: KeyPath, target: KeyPath) -> Any:
    if not (isinstance(over, dict) and isinstance(under, dict)):
        _copy_places(document, source, target)
        return over
    merged = dict(under)
    for key, value in over.items():
        inner = (*target, key)
        if key in under:
            merged[key] = _merge(document, value, under[key], (*source, key), inner)
        else:
            merged[key] = value
            _copy_places(document, (*source, key), inner)
    return merged


def unknown_names(document: Document, profile: str) -> list[Problem]:
    """Stages and inputs that a profile names and the file has not."""
    over = document.data["profiles"][profile]
    problems = []
    for section, word in _CLOSED.items():
        changed, there = (data.get(section) if isinstance(data, dict) else None for data in (over, document.data))
        there = there if isinstance(there, dict) else {}
        for name in changed if isinstance(changed, dict) else ():
            if name not in there:
                path = ("profiles", profile, section, name)
                problems.append(document.problem(path, f"the file has no {word} {name!r}; {suggestion(name, there)}"))
    return problems


def apply_profile(document: Document, profile: str) -> Document:
    """Lay a profile of the file over it.

    Raises
    ------
    PipelineFileErrors
        When the file has no such profile, or the profile names a stage or an input that the file has not.
    """
    profiles = document.data.get("profiles") or {}
    if not isinstance(profiles, dict) or profile not in profiles:
        names = profiles if isinstance(profiles, dict) else ()
        text = f"no profile is called {profile!r}; {suggestion(profile, names)}"
        raise PipelineFileErrors([Problem("--profile", "profiles", text)])
    over = profiles[profile] or {}
    if not isinstance(over, dict):
        raise PipelineFileErrors([document.problem(("profiles", profile), "expected a mapping of keys to change")])
    if problems := unknown_names(document, profile):
        raise PipelineFileErrors(problems)
    result = Document(document.data, dict(document.places))
    result.data = _merge(result, over, document.data, ("profiles", profile), ())
    return result


def apply_setting(document: Document, setting: str) -> Document:
    """Lay one `--set PATH=YAML` over the file.

    Raises
    ------
    PipelineFileErrors
        When it is not of that form, or the path leads through something that is not there.
    """
    flag = f"--set {setting}"
    name, separator, text = setting.partition("=")
    path: KeyPath = tuple(int(index) if index else key for key, index in _STEP.findall(name))
    if not separator or not path or dotted(path) != name:
        raise PipelineFileErrors([Problem(flag, name or "--set", "expected PATH=YAML, as stages.lenses.number=500")])
    try:
        value = parse_scalar(text)
    except PipelineFileErrors as error:
        problems = [Problem(flag, name, problem.text) for problem in error.problems]
        raise PipelineFileErrors(problems) from error
    result = Document(_replace(document.data, path, value, path, flag), dict(document.places))
    for known in [known for known in result.places if known[: len(path)] == path]:
        del result.places[known]
    for length in range(1, len(path) + 1):
        result.places.setdefault(path[:length], flag)
    return result


def _replace(data: Any, path: KeyPath, value: Any, whole: KeyPath, flag: str) -> Any:
    if not path:
        return value
    step, rest = path[0], path[1:]
    before = whole[: len(whole) - len(path)]
    if isinstance(step, int):
        if isinstance(data, list) and step < len(data):
            return [*data[:step], _replace(data[step], rest, value, whole, flag), *data[step + 1 :]]
        text = f"{dotted(before)} is {_kind(data)}, which has no [{step}]"
    elif data is not None and not isinstance(data, dict):
        text = f"{dotted(before)} is {_kind(data)}, which has no key {step!r}"
    elif step in (data or {}) or _may_be_new(before, rest):
        return {**(data or {}), step: _replace((data or {}).get(step), rest, value, whole, flag)}
    else:
        text = f"there is no {step!r} in {dotted(before)}; {suggestion(step, data or ())}"
    raise PipelineFileErrors([Problem(flag, dotted(whole), text)])


def _may_be_new(before: KeyPath, rest: KeyPath) -> bool:
    """Whether a key that the file leaves out may be set: one of a stage, which is checked later, or one at the root."""
    return not rest if not before else before[0] == "stages" and len(before) > 1


def _kind(data: Any) -> str:
    return f"a list of {len(data)}" if isinstance(data, list) else "a mapping" if isinstance(data, dict) else repr(data)


def apply_all(document: Document, profile: str | None, settings: Sequence[str]) -> Document:
    """Lay a profile and then the settings, in order, over the file; raises as the two above."""
    if not isinstance(document.data, dict):
        raise PipelineFileErrors([document.problem((), "expected a mapping with version, name, seed, stages")])
    if profile is not None:
        document = apply_profile(document, profile)
    problems: list[Problem] = []
    for setting in settings:
        try:
            document = apply_setting(document, setting)
        except PipelineFileErrors as error:
            problems.extend(error.problems)
    if problems:
        raise PipelineFileErrors(problems)
    return document
