"""A trained model ready to score, loaded once for all parts of a product."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from astrocnn.training.engines import Engine, EngineName, Precision
from astrocnn.training.model_folder import TrainedModel, load_model
from astrocnn.training.predict_model import engines_of


@lru_cache(maxsize=1)
def loaded_model(
    folder: Path, digest: str, engine: EngineName, precision: Precision
) -> tuple[TrainedModel, tuple[Engine, ...]]:
    """Load a model and prepare its networks.

    Parameters
    ----------
    folder : Path
        Of the model.
    digest : str
        Its hash, which keeps another one in the same folder apart.
    engine, precision
        As for `scoring_engine`.

    Raises
    ------
    StoreError
        As `load_model`.
    PipelineFileError
        As `scoring_engine`.
    """
    model = load_model(folder)
    return model, engines_of(model, engine, precision)
