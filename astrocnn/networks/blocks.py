"""Layers that several networks are made of, with names and seeds as `Initialisers` wants them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from astrocnn.networks.base import Initialisers


def layer_of(kind: str, features: Any) -> Any:
    """Class of Keras for maps with as many axes as these: `Conv` is Conv1D for a curve and Conv2D for an image."""
    import keras

    return getattr(keras.layers, f"{kind}{len(features.shape) - 2}D")


def convolution(
    features: Any, name: str, filters: int, kernel: int, initialisers: Initialisers, *, kind: str = "he_normal",
    **options: Any,
) -> Any:  # fmt: skip
    """Convolution called `name_conv`, padded to the same size unless `padding` says otherwise."""
    options = {"padding": "same", "kernel_initializer": initialisers(kind, f"{name}_conv"), **options}
    return layer_of("Conv", features)(filters, kernel, name=f"{name}_conv", **options)(features)


def normalised(features: Any, name: str, activation: str = "relu", **options: Any) -> Any:
    """Batch normalisation and activation, called `name_norm` and `name_` with the activation's name."""
    import keras

    features = keras.layers.BatchNormalization(name=f"{name}_norm", **options)(features)
    return keras.layers.Activation(activation, name=f"{name}_{activation}")(features)


def padded_convolution(
    features: Any, name: str, filters: int, kernel: int, stride: int, initialisers: Initialisers, **options: Any
) -> Any:
    """Convolution padded by half a kernel on every side, whatever the stride.

    Keras pads a strided `same` convolution of an even map on one side only, so that its output lies off the centre and
    off the shortcut beside it.
    """
    if kernel > 1:
        features = layer_of("ZeroPadding", features)(kernel // 2, name=f"{name}_pad")(features)
    return convolution(features, name, filters, kernel, initialisers, strides=stride, padding="valid", **options)


def residual_unit(
    features: Any, name: str, width: int, stride: int, initialisers: Initialisers, **normalisation: Any
) -> Any:
    """Two 3 x 3 convolutions and the shortcut past them, projected by 1 x 1 where the shape changes (He et al. 2016).

    What it gives is called `name_relu`; `normalisation` are options of its batch normalisations.
    """
    import keras

    shortcut = features
    if stride > 1 or features.shape[-1] != width:
        shortcut = convolution(features, f"{name}_shortcut", width, 1, initialisers, strides=stride, use_bias=False)
        shortcut = keras.layers.BatchNormalization(name=f"{name}_shortcut_norm", **normalisation)(shortcut)
    branch = padded_convolution(features, f"{name}_first", width, 3, stride, initialisers, use_bias=False)
    branch = normalised(branch, f"{name}_first", **normalisation)
    branch = padded_convolution(branch, f"{name}_second", width, 3, 1, initialisers, use_bias=False)
    branch = keras.layers.BatchNormalization(name=f"{name}_second_norm", **normalisation)(branch)
    added = keras.layers.Add(name=f"{name}_add")([shortcut, branch])
    return keras.layers.Activation("relu", name=f"{name}_relu")(added)


def dense(features: Any, name: str, units: int, initialisers: Initialisers, **options: Any) -> Any:
    """Dense layer called `name_dense`, initialised after He et al. 2015 unless `kernel_initializer` says otherwise."""
    import keras

    options = {"kernel_initializer": initialisers("he_normal", f"{name}_dense"), **options}
    return keras.layers.Dense(units, name=f"{name}_dense", **options)(features)


def dropped(features: Any, name: str, share: float, initialisers: Initialisers) -> Any:
    """Dropout called `name`, or nothing where no share is dropped."""
    import keras

    return keras.layers.Dropout(share, seed=initialisers.layer_seed(name), name=name)(features) if share else features


def dense_head(
    features: Any, widths: Sequence[int], activation: str, initialisers: Initialisers, *,
    dropouts: Sequence[float] = (), **options: Any,
) -> Any:  # fmt: skip
    """Dense layers `head1_dense`, `head2_dense`, ..., each with its activation, `prelu` or one of Keras's functions.

    `dropouts` are the shares dropped after the first, the second, ... of them; after the others nothing is dropped.
    """
    import keras

    shares = [*dropouts, *(0.0 for _ in widths)]
    for number, (width, share) in enumerate(zip(widths, shares, strict=False), start=1):
        name = f"head{number}"
        features = dense(features, name, width, initialisers, **options)
        if activation == "prelu":
            features = keras.layers.PReLU(name=f"{name}_prelu")(features)
        elif activation != "linear":
            features = keras.layers.Activation(activation, name=f"{name}_{activation}")(features)
        features = dropped(features, f"{name}_dropout", share, initialisers)
    return features


def dilated_stack(
    features: Any, name: str, filters: int, layers: int, initialisers: Initialisers, *, residual: bool = False,
    activation: str = "relu",
) -> Any:  # fmt: skip
    """3 x 3 convolutions (3 along time) with dilations 1, 2, 4, ..., each normalised and activated.

    The field doubles with every layer at the cost of a small kernel and without a smaller map: 3, 7, 15, ...,
    2^(layers + 1) - 1. Yu & Koltun 2016 (ICLR, arXiv:1511.07122).

    Parameters
    ----------
    features : tensor of shape (n, *axes, channel)
        A curve or an image, of any size: `same` padding keeps it.
    name : str
        The layers are called `name_dilation1_conv`, `name_dilation2_conv`, ...
    filters, layers : int
        Of each convolution, and how many there are.
    initialisers : Initialisers
        Of the kernels.
    residual : bool
        Whether each layer adds to what it reads; where the number of channels changes, a 1 x 1 convolution brings the
        first to `filters`.
    activation : str
        After each normalisation.

    Returns
    -------
    tensor of shape (n, *axes, filter)
    """
    import keras

    if residual and features.shape[-1] != filters:
        features = convolution(features, f"{name}_entry", filters, 1, initialisers)
    for dilation in (2**number for number in range(layers)):
        layer = f"{name}_dilation{dilation}"
        branch = convolution(features, layer, filters, 3, initialisers, dilation_rate=dilation, use_bias=False)
        branch = normalised(branch, layer, activation)
        features = keras.layers.Add(name=f"{layer}_add")([features, branch]) if residual else branch
    return features
