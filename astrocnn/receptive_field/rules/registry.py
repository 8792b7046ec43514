"""Where rules are kept and found, by the class name of the layer or operation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from astrocnn.errors import ReceptiveFieldError
from astrocnn.receptive_field.graph import Call
from astrocnn.receptive_field.tensor_field import TensorField

Rule = Callable[[Any, Sequence[TensorField]], TensorField]

_KERAS_RULES: dict[str, Rule] = {}
_CALL_RULES: dict[str, Callable[[Call, Sequence[TensorField]], TensorField]] = {}
_OWN_RULES: dict[str, Rule] = {}


def register_rule(*class_names: str) -> Callable[[Rule], Rule]:
    """Add the rule of layers that are not Keras's own, by class name; used as a decorator."""
    return _register(_OWN_RULES, class_names)


def keras_rule(*class_names: str) -> Callable[[Rule], Rule]:
    """Add the rule of layers of Keras, or with `ops.` before the name of its operations."""
    return _register(_KERAS_RULES, class_names)


def call_rule(*class_names: str) -> Callable[[Any], Any]:
    """Add the rule of operations whose arguments are not kept in them but in the call."""
    return _register(_CALL_RULES, class_names)


def _register(rules: dict[str, Any], class_names: Sequence[str]) -> Callable[[Any], Any]:
    def decorate(rule: Any) -> Any:
        rules.update(dict.fromkeys(class_names, rule))
        return rule

    return decorate


def has_rule(layer: Any) -> bool:
    """Whether there is a rule for a layer or operation."""
    kind = keras_kind(layer)
    return type(layer).__name__ in _OWN_RULES or kind in _KERAS_RULES or kind in _CALL_RULES


def apply_rule(call: Call, inputs: Sequence[TensorField]) -> TensorField:
    """What the output of a call sees. A subclass of a Keras layer needs its own rule: it may compute something else.

    Raises
    ------
    ReceptiveFieldError
        When there is no rule; the message shows how to register one.
    """
    own = _OWN_RULES.get(type(call.layer).__name__)
    if own is not None:
        return own(call.layer, inputs)
    kind = keras_kind(call.layer)
    if kind in _CALL_RULES:
        return _CALL_RULES[kind](call, inputs)
    if kind in _KERAS_RULES:
        return _KERAS_RULES[kind](call.layer, inputs)
    name = type(call.layer).__name__
    raise ReceptiveFieldError(
        f"there is no receptive-field rule for layers of class {name}",
        where=call.layer.name,
        fix="register one (here for a layer that mixes no positions):\n"
        "    from astrocnn.receptive_field.rules import register_rule\n"
        f'    @register_rule("{name}")\n'
        "    def rule(layer, inputs): return inputs[0]",
    )


def keras_kind(layer: Any) -> str | None:
    """Name of a class of Keras, with `ops.` before it for operations.

    `x + y` stands in the graph as an operation; some share a layer's name and mean something else (Average).
    """
    module, name = type(layer).__module__, type(layer).__name__
    if not module.startswith("keras."):
        return None
    return f"ops.{name}" if ".ops." in module else name
