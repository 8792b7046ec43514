"""Convolutional features of image patches, for clustering and for finding what looks alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from astrocnn.errors import MismatchError, PipelineFileError
from astrocnn.networks.base import Answer, Initialisers, Network
from astrocnn.networks.blocks import dense, normalised, padded_convolution, residual_unit
from astrocnn.networks.registry import register

Width = Annotated[int, Field(ge=1)]

FEATURES = "features"
"""Name of the layer that gives the features, whatever head stands on it."""

# Steps are few where a few thousand patches are all there is; a mean over the last hundred would still hold the start.
BATCH_NORM: Mapping[str, Any] = {"momentum": 0.9}


@register
class Encoder(Network):
    """Features of image patches, by which like finds like without labels (after Peek, Jones & Hargis 2020).

    A compact residual trunk (He et al. 2016): 5 x 5 / 2, then stages of two units, each with half the positions and
    twice the channels of the one before, and global average pooling. The stages see 21, 49, 105 and 217 px, the last
    three about as VGG-16 after its third to fifth pool (44, 100, 212 px), which is often used for such features. Choose
    the size of the patches and the number of stages so that structures to be told apart - filaments, edges, shells -
    fit into what the last stage sees. With `stem_stride` 1 it is 13, 27, 55 and 111 px. `pooled: all` puts the averages
    of all stages side by side, so that fine texture counts beside coarse shape.

    It learns without labels: the `contrastive` head is the projection of SimCLR (Chen et al. 2020), and the loss asks
    which two rows of a batch are views of one object. The projection forgets what the views differ in, turns and
    brightness as it may be, and the layer before it, called `features`, is what is kept: `features_of(model)`.
    With the head `features` the network gives that layer itself.
    """

    name: ClassVar[str] = "encoder"
    paper: ClassVar[str] = "Peek, Jones & Hargis 2020 (ADASS); Chen et al. 2020, ICML, arXiv:2002.05709"
    sizes: ClassVar[tuple[int, int]] = (32, 1024)
    usual_shapes: ClassVar[tuple[tuple[int, ...], ...]] = ((128, 128, 1), (256, 256, 1))
    source_modules: ClassVar[tuple[str, ...]] = ("astrocnn.networks.blocks",)
    smoke_options: ClassVar[Mapping[str, Any]] = {"widths": [4, 8], "units_per_stage": 1}

    head: Literal["features", "contrastive"] = Field(
        "contrastive", description="give the features, or their projection, with which they are trained"
    )
    widths: tuple[Width, ...] = Field(
        (32, 64, 128, 256), min_length=1, max_length=6, description="channels of each stage"
    )
    units_per_stage: int = Field(2, ge=1, description="residual units in each stage")
    stem_stride: Literal[1, 2] = Field(2, description="stride of the first convolution; 1 for small patches")
    pooled: Literal["last", "all"] = Field("last", description="stages whose averages are the features")
    temperature: float = Field(0.1, gt=0, description="of the loss; lower means that the most alike count more")

    @property
    def answer(self) -> Answer:
        """What the network gives for an object."""
        return "features"

    @property
    def number_of_features(self) -> int:
        """Length of the vector of features."""
        return sum(self.widths) if self.pooled == "all" else self.widths[-1]

    @property
    def usual_outputs(self) -> int:
        """All features, or the 128 numbers they are projected to (Chen et al. 2020)."""
        return self.number_of_features if self.head == "features" else 128

    def loss(self, outputs: int) -> Any:
        """Contrast of the views of an object with all others in the batch."""
        from astrocnn.networks.layers.contrastive_loss import NTXent

        return NTXent(self.temperature)

    def connect(self, inputs: Any, outputs: int, initialisers: Initialisers) -> Any:
        """Connect the layers from the input tensor on and return the output tensor.

        Raises
        ------
        PipelineFileError
            When another number of outputs is asked for than there are features.
        """
        if self.head == "features" and outputs != self.number_of_features:
            raise PipelineFileError(
                "the features are as many as there are channels", where=self.name, expected=self.number_of_features,
                received=outputs, fix="change the widths, or use the contrastive head",
            )  # fmt: skip
        features = padded_convolution(inputs, "stem", self.widths[0], 5, self.stem_stride, initialisers, use_bias=False)
        features = normalised(features, "stem", **BATCH_NORM)
        ends = []
        for stage, width in enumerate(self.widths, start=1):
            for unit in range(1, self.units_per_stage + 1):
                stride = 2 if stage > 1 and unit == 1 else 1
                name = f"stage{stage}_unit{unit}"
                features = residual_unit(features, name, width, stride, initialisers, **BATCH_NORM)
            ends.append(features)
        vector = _averages(ends if self.pooled == "all" else ends[-1:])
        return vector if self.head == "features" else _projected(vector, outputs, initialisers)


def _averages(maps: Sequence[Any]) -> Any:
    """Average of each channel over all positions, those of several maps one after the other."""
    import keras

    if len(maps) == 1:
        return keras.layers.GlobalAveragePooling2D(name=FEATURES)(maps[0])
    pool = keras.layers.GlobalAveragePooling2D
    pooled = [pool(name=f"stage{stage}_pool")(features) for stage, features in enumerate(maps, start=1)]
    return keras.layers.Concatenate(name=FEATURES)(pooled)


def _projected(features: Any, outputs: int, initialisers: Initialisers) -> Any:
    """Projection head of SimCLR: a hidden layer as wide as the features with ReLU, and a linear one without bias."""
    hidden = dense(features, "projection_hidden", features.shape[-1], initialisers, activation="relu")
    return dense(hidden, "projection", outputs, initialisers, use_bias=False)


def features_of(model: Any) -> Any:
    """Network that gives the features of a trained encoder, without the head it was trained with.

    Parameters
    ----------
    model : keras.Model
        An encoder, also one that was loaded from its file. The weights are shared, not copied.

    Returns
    -------
    keras.Model
        From (n, y, x, band) to (n, feature).

    Raises
    ------
    MismatchError
        When the model has no layer of features.
    """
    import keras

    if FEATURES not in (layer.name for layer in model.layers):
        raise MismatchError(
            "the model gives no features", where=model.name, expected=f"a layer called {FEATURES}",
            fix="train the network encoder",
        )  # fmt: skip
    return keras.Model(model.input, model.get_layer(FEATURES).output, name=model.name)
