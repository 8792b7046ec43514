"""Arguments and options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from astrocnn.pipeline.config import PipelineConfig, load_config

F = TypeVar("F", bound=Callable[..., Any])


def pipeline_options(function: F) -> F:
    """Add FILE, --profile and --set."""
    for decorate in reversed(
        [
            click.argument("file"),
            click.option("--profile", help="Profile of the file to lay over it."),
            click.option("--set", "settings", multiple=True, metavar="PATH=YAML", help="Change one key; repeatable."),
        ]
    ):
        function = decorate(function)
    return function


def runs_option(function: F) -> F:
    """Add --runs."""
    option = click.option(
        "--runs", type=click.Path(path_type=Path), default=Path("runs"), show_default=True, help="Folder of all runs."
    )
    return option(function)


def configured(file: str, profile: str | None, settings: tuple[str, ...]) -> PipelineConfig:
    """Load a pipeline file as the options say."""
    return load_config(file, profile, settings)
