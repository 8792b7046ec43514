"""Decision trees of volunteers: which question follows which answer, and how many were asked each."""

from __future__ import annotations

from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Any, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from ruamel.yaml import YAML

from astrocnn.errors import UnknownName
from astrocnn.resources import config_folder
from astrocnn.spelling import suggestion

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Place = tuple[str, int]
"""An answer: the name of its question, and its place among the answers."""


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Answer(_Strict):
    """An answer that volunteers can choose."""

    text: str = Field(description="the answer")
    then: str | None = Field(None, description="name of the question that is asked next; null where none is")


class Question(_Strict):
    """A question of which each volunteer chooses one answer."""

    name: str = Field(description="name of the question")
    text: str = Field("", description="what is asked")
    answers: tuple[Answer, ...] = Field(min_length=1, description="in the order of their columns")
    asked_of_all: bool = Field(
        False, description="the released fractions count it as asked of everybody, whatever leads to it"
    )


class DecisionTree(_Strict):
    """Questions of a survey of volunteers; a question may be reached from several answers."""

    title: str = Field(description="name of the survey")
    questions: tuple[Question, ...] = Field(
        min_length=1, description="in the order of their columns: the answers of the first, then of the second, ..."
    )
    sources: dict[str, str] = Field({}, description="where it is written")

    @model_validator(mode="after")
    def _check(self) -> Self:
        names = [question.name for question in self.questions]
        if len(set(names)) < len(names):
            raise ValueError(f"expected a name of its own for each question, received {names}")
        unknown = {answer.then for question in self.questions for answer in question.answers} - {None, *names}
        if unknown:
            raise ValueError(f"expected answers that lead to one of {names}, received {sorted(map(str, unknown))}")
        try:
            _ = self.order
        except CycleError as error:
            raise ValueError(f"expected questions that do not come back, received {error.args[1]}") from error
        return self

    @property
    def size(self) -> int:
        """Number of answers of all questions, 37 of Galaxy Zoo 2."""
        return sum(len(question.answers) for question in self.questions)

    @property
    def columns(self) -> Mapping[str, slice]:
        """Columns of each question's answers, by its name."""
        ends = accumulate((len(question.answers) for question in self.questions), initial=0)
        names = (question.name for question in self.questions)
        return {name: slice(*between) for name, between in zip(names, pairwise(ends), strict=True)}

    @property
    def order(self) -> tuple[str, ...]:
        """Names of the questions, each after those whose answers lead to it."""
        names = [question.name for question in self.questions]
        before = {name: [earlier for earlier, _ in self._leading_to(name)] for name in names}
        return tuple(TopologicalSorter(before).static_order())

    @property
    def conditions(self) -> Mapping[str, tuple[Place, ...]]:
        """Answers whose fractions add up to the fraction that is asked a question; none where everybody is.

        All answers of one question stand for what led to that one. So of Galaxy Zoo 2 the number of arms (asked after
        any winding) depends on the answer that there is a spiral, and the bulge, which is asked after the arms or where
        there is no spiral, on the answer that the disk is not edge-on.
        """
        conditions: dict[str, tuple[Place, ...]] = {}
        by_name = {question.name: question for question in self.questions}
        for name in self.order:
            places = set() if by_name[name].asked_of_all else set(self._leading_to(name))
            # The last questions first: what they stand for may complete the answers of an earlier one.
            for earlier in reversed(conditions):
                answers = {(earlier, place) for place in range(len(by_name[earlier].answers))}
                if answers <= places:
                    places = (places - answers) | set(conditions[earlier]) if conditions[earlier] else set()
            conditions[name] = tuple(sorted(places))
        return conditions

    def as_asked(self) -> DecisionTree:
        """The same tree with each question weighed by who was asked, also where the released fractions are not.

        Of Galaxy Zoo 2 only "anything odd?" differs: w6 = 1 - p(star or artifact) in place of 1.
        """
        asked = tuple(question.model_copy(update={"asked_of_all": False}) for question in self.questions)
        return self.model_copy(update={"questions": asked})

    def split(self, answers: Any) -> dict[str, Any]:
        """Cut (..., answer) into (..., answer of the question), by the names of the questions."""
        return {name: answers[..., columns] for name, columns in self.columns.items()}

    def descend(self, answers: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """Multiply down the tree.

        Parameters
        ----------
        answers : mapping of ndarray or tensor
            As `split` gives them: by question, the fractions of those who were asked it.

        Returns
        -------
        weights : dict
            By question, the fraction of all who were asked it, (..., 1); the number 1 where everybody was.
        weighted : dict
            By question, the fractions of all who gave each answer.
        """
        conditions, weights = self.conditions, dict[str, Any]()
        weighted: dict[str, Any] = {}
        for name in self.order:
            parts = [weighted[earlier][..., place : place + 1] for earlier, place in conditions[name]]
            weights[name] = sum(parts[1:], start=parts[0]) if parts else 1.0
            weighted[name] = answers[name] * weights[name] if parts else answers[name]
        return {name: weights[name] for name in self.columns}, {name: weighted[name] for name in self.columns}

    def _leading_to(self, name: str) -> list[Place]:
        return [
            (question.name, place)
            for question in self.questions
            for place, answer in enumerate(question.answers)
            if answer.then == name
        ]


def question_weights(tree: DecisionTree, answers: NDArray[np.floating]) -> NDArray[np.floating]:
    """Weight of each question in the challenge's metric: the fraction of all volunteers who were asked it.

    Parameters
    ----------
    tree : DecisionTree
        Of Galaxy Zoo 2 w1 = w6 = 1, w2 = p(1.2), w3 = w4 = w5 = p(1.2) p(2.2), w7 = p(1.1), w8 = p(6.1),
        w9 = p(1.2) p(2.1), w10 = w11 = p(1.2) p(2.2) p(4.1), as the data were released; of `tree.as_asked()`
        w6 = 1 - p(1.3), and w8 = p(6.1) w6.
    answers : ndarray of shape (..., answer)
        Fractions of those who were asked, which add up to one inside each question. NaN stays NaN.

    Returns
    -------
    ndarray of shape (..., question)
    """
    import numpy as np  # options are checked without it

    weights, _ = tree.descend(tree.split(answers))
    return np.stack([np.broadcast_to(weight, (*answers.shape[:-1], 1))[..., 0] for weight in weights.values()], axis=-1)


def weighted_fractions(tree: DecisionTree, answers: NDArray[np.floating]) -> NDArray[np.floating]:
    """Fractions of all volunteers who gave each answer: what a network with this tree is trained on.

    Parameters
    ----------
    tree : DecisionTree
        The tree.
    answers : ndarray of shape (..., answer)
        Fractions of those who were asked. NaN stays NaN, also under a weight of 0: where nobody was asked, give 0.

    Returns
    -------
    ndarray of shape (..., answer)
    """
    import numpy as np

    _, weighted = tree.descend(tree.split(answers))
    return np.concatenate(list(weighted.values()), axis=-1)


def tree_names() -> list[str]:
    """Names of the shipped trees."""
    return sorted(path.stem for path in (config_folder() / "decision_trees").glob("*.yaml"))


def named_tree(name: str) -> DecisionTree:
    """Shipped tree of a name.

    Raises
    ------
    UnknownName
        With the nearest spelling.
    """
    if name not in tree_names():
        raise UnknownName(f"there is no decision tree {name!r}", fix=suggestion(name, tree_names()))
    file = config_folder() / "decision_trees" / f"{name}.yaml"
    return DecisionTree.model_validate(YAML(typ="safe", pure=True).load(file.read_text(encoding="utf-8")))
