"""Pooling between the mean and the maximum, each channel by a weight that is trained."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from astrocnn.errors import PipelineFileError
from astrocnn.networks.layers.p_norm_pooling import LARGEST_EXPONENT, PNormPooling
from astrocnn.networks.layers.windows import WindowLayer, per_axis


@keras.saving.register_keras_serializable("astrocnn")
class Between(keras.constraints.Constraint):
    """Keep a weight in an interval, by setting what left it to the nearer end.

    Parameters
    ----------
    low, high : float
        Ends of the interval.
    """

    def __init__(self, low: float, high: float) -> None:
        self.low, self.high = low, high

    def __call__(self, w: Any) -> Any:
        """The weight, cut off at both ends."""
        return ops.clip(w, self.low, self.high)

    def get_config(self) -> dict[str, Any]:
        """Arguments."""
        return {"low": self.low, "high": self.high}


@keras.saving.register_keras_serializable("astrocnn")
class LearnedPNormPooling(PNormPooling):
    """`PNormPooling` whose exponent is trained, one for each channel.

    Parameters
    ----------
    exponent : float
        p at the start, from 1 (the mean of absolute values) to 1000 (the maximum, to N^(-1/1000) for N positions).
    pool_size, strides, padding
        As in Keras's pooling layers.

    Raises
    ------
    PipelineFileError
        When p lies outside its range.
    MismatchError
        When a size of the map is open, or smaller than the window.

    Notes
    -----
    From (n, *axes, channel) to (n, *outputs, channel); NaN as in `PNormPooling`. The weight is 1 / p, kept between
    1/1000 and 1 after every step, so that p stays 1 or more. In 1 / p the pooling has a finite slope at both ends (near
    the maximum, y = m (1 + log(c / N) / p) where c of N positions hold the largest value m), so that training can leave
    either; in p itself the slope towards the maximum falls as 1 / p^2. Gulcehre et al. 2014 (ECML-PKDD,
    arXiv:1311.1780), who learn p as 1 + log(1 + exp(rho)), which cannot start at the mean.
    """

    def build(self, input_shape: tuple[Any, ...]) -> None:
        """Make one exponent for each channel."""
        super().build(input_shape)
        self.inverse_exponent = self.add_weight(
            shape=(input_shape[-1],),
            initializer=keras.initializers.Constant(1 / self.exponent),
            constraint=Between(1 / LARGEST_EXPONENT, 1.0),
            name="inverse_exponent",
            autocast=False,  # half precision cannot hold the large exponents
        )

    def call(self, inputs: Any) -> Any:
        """Power mean of each window, with the exponents as they are now."""
        return self.pooled(inputs, 1 / self.inverse_exponent)


@keras.saving.register_keras_serializable("astrocnn")
class MixedPooling(WindowLayer):
    """A share of max pooling and the rest of average pooling; the share is trained, one for each channel.

    Parameters
    ----------
    maximum_share : float
        At the start: 0 is average pooling, 1 max pooling.
    pool_size, strides, padding
        As in Keras's pooling layers.

    Raises
    ------
    PipelineFileError
        When the share lies outside 0 to 1.
    MismatchError
        When a size of the map is open, or smaller than the window.

    Notes
    -----
    From (n, *axes, channel) to (n, *outputs, channel). NaN goes on to the outputs that read it. The share is kept
    between 0 and 1 after every step. Lee, Gallagher & Tu 2016 (AISTATS, arXiv:1509.08985), "mixed" pooling.
    """

    def __init__(
        self, maximum_share: float = 0.5, pool_size: Any = 2, strides: Any = None, padding: str = "valid",
        **options: Any,
    ) -> None:  # fmt: skip
        super().__init__(pool_size, strides, padding, **options)
        if not 0 <= maximum_share <= 1:
            raise PipelineFileError(
                "the share of max pooling is none", where=self.name, expected="from 0 to 1", received=maximum_share
            )
        self.maximum_share = maximum_share

    def build(self, input_shape: tuple[Any, ...]) -> None:
        """Make one share for each channel."""
        super().build(input_shape)
        self.share = self.add_weight(
            shape=(input_shape[-1],),
            initializer=keras.initializers.Constant(self.maximum_share),
            constraint=Between(0.0, 1.0),
            name="maximum_share",
        )

    def call(self, inputs: Any) -> Any:
        """Both poolings, weighed."""
        axes = len(inputs.shape) - 2
        window = (per_axis(self.pool_size, axes), per_axis(self.strides, axes), self.padding, "channels_last")
        largest, mean = ops.max_pool(inputs, *window), ops.average_pool(inputs, *window)
        return mean + self.share * (largest - mean)

    def get_config(self) -> dict[str, Any]:
        """Arguments."""
        return {**super().get_config(), "maximum_share": self.maximum_share}
