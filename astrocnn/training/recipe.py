"""A paper's training recipe, as data in `configs/recipes/`: the defaults of what a file leaves out.

A recipe is a YAML file of the keys of the `train` stage, with the source of each of them and what the training loop
does otherwise than the paper's.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, Strict, ValidationError, model_validator
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from astrocnn.errors import PipelineFileError, UnknownName
from astrocnn.resources import config_folder
from astrocnn.spelling import suggestion
from astrocnn.training.parameters import Training

_ABOUT = {"version", "network", "differs", "sources"}


class Recipe(Training):
    """How a paper, its authors' code, or this package trained a network."""

    version: Literal[1] = Field(description="version of this format")
    network: str = Field(description="network of the zoo")
    loss: str = Field(description="of the paper; the network brings its own")
    differs: Annotated[tuple[str, ...], Strict(False)] = Field(
        (), description="what the training loop does otherwise than the paper, a sentence each"
    )
    sources: dict[str, str] = Field(description="key: where it stands; paper: what is followed")

    @model_validator(mode="after")
    def _sources_of_all(self) -> Self:
        stated = (self.model_fields_set - _ABOUT) | {"paper"}
        if missing := sorted(stated - self.sources.keys()):
            raise ValueError(f"sources: says nothing of {', '.join(missing)}")
        if needless := sorted(self.sources.keys() - stated):
            raise ValueError(f"sources: speaks of {', '.join(needless)}, which the recipe does not state")
        return self

    def defaults(self) -> dict[str, Any]:
        """The parameters of the `train` stage that it states, by name."""
        return {name: getattr(self, name) for name in Training.model_fields if name in self.model_fields_set}


def recipe_names() -> tuple[str, ...]:
    """Names of the recipes there are, sorted; each is that of its network."""
    return tuple(sorted(path.stem for path in (config_folder() / "recipes").glob("*.yaml")))


@cache
def read_recipe(name: str) -> Recipe:
    """Read the recipe of a network.

    Raises
    ------
    UnknownName
        When there is none of this name, with the nearest spelling.
    PipelineFileError
        When the file is no recipe.
    """
    if name not in recipe_names():
        raise UnknownName(f"there is no recipe {name!r}", fix=suggestion(name, recipe_names()))
    return load_recipe(config_folder() / "recipes" / f"{name}.yaml")


def load_recipe(path: Path) -> Recipe:
    """Read and check a recipe file.

    Raises
    ------
    PipelineFileError
        When it cannot be read or is no recipe; the first key that is wrong is named.
    """
    try:
        data = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
        return Recipe.model_validate(data)
    except ValidationError as error:
        problem = error.errors()[0]
        key = ".".join(str(part) for part in problem["loc"])
        raise PipelineFileError(
            problem["msg"].removeprefix("Value error, "), where=f"{path.name}, {key}" if key else path.name
        ) from error
    except (OSError, YAMLError, UnicodeDecodeError) as error:
        raise PipelineFileError(f"cannot be read: {error}", where=str(path), fix="correct the file") from error


def recipe_defaults(network: str) -> dict[str, Any]:
    """Defaults of the `train` stage for a network; empty for one without a recipe, so that a file must state them."""
    return read_recipe(network).defaults() if network in recipe_names() else {}
