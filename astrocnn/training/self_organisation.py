"""Learning without a teacher: how Fukushima 1980 lets the S-cells of a neocognitron find patterns."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

WEAK = 1e-4
"""Share of the weights that is kept at the start, so that planes differ and any input is stronger than they are."""


def self_organise(
    model: Any, images: NDArray[np.floating[Any]], *, rounds: int = 3, column: int = 5, strength: float = 16.0
) -> None:
    """Let the S-cells of a network learn the patterns that recur in images, one layer after the other.

    An image is presented, and the strongest cell of each column is a candidate; of the candidates of a plane the
    strongest, its seed cell, is reinforced by what it reads, and with it the plane: a grows by q c u, b by q v. A plane
    that has learned a pattern answers to it best next time, and other planes are left for other patterns.

    Parameters
    ----------
    model : keras.Model
        A network with layers of `SimpleCells`; their weights are set back and learned, nothing else changes.
    images : ndarray
        (n, y, x, band), presented in this order.
    rounds : int
        Times that all images are presented to a layer.
    column : int
        Side of a column: the cells of all planes around a place. 5 in the paper; the more, the fewer cells learn from
        one image.
    strength : float
        q; 16 in the paper's second and third stage, 1 in its first.
    """
    import keras

    from astrocnn.networks.layers.cells import SimpleCells

    for layer in (layer for layer in model.layers if isinstance(layer, SimpleCells)):
        layer.set_weights([WEAK * layer.get_weights()[0], 0 * layer.get_weights()[1]])
        presented = keras.Model(model.input, layer.input).predict(images, verbose=0)
        for _ in range(rounds):
            for seen in presented:
                _reinforce(layer, seen, column, strength)


def seed_cells(answers: NDArray[np.floating[Any]], column: int) -> dict[int, tuple[int, int]]:
    """Cells that learn from one image.

    Parameters
    ----------
    answers : ndarray
        (y, x, plane), what the S-cells give.
    column : int
        Side of a column.

    Returns
    -------
    dict of int to (int, int)
        For each plane with a candidate, where its strongest one lies.
    """
    half = column // 2
    padded = np.pad(answers, ((half, column - 1 - half), (half, column - 1 - half), (0, 0)))
    columns = np.lib.stride_tricks.sliding_window_view(padded, (column, column), axis=(0, 1))
    flat = columns.reshape(*answers.shape[:2], -1)
    planes, rows, places = np.unravel_index(flat.argmax(axis=-1), columns.shape[2:])
    seeds = {}
    for index in np.argsort(flat.max(axis=-1), axis=None, kind="stable"):  # the strongest last
        y, x = np.unravel_index(index, answers.shape[:2])
        if flat[y, x].max() > 0:
            seeds[int(planes[y, x])] = (int(y + rows[y, x]) - half, int(x + places[y, x]) - half)
    return seeds


def _reinforce(layer: Any, seen: NDArray[np.floating[Any]], column: int, strength: float) -> None:
    """One presentation of what a layer reads, (y, x, plane)."""
    kernel, inhibition = (np.array(weight) for weight in layer.get_weights())
    surround = np.asarray(layer.surround(seen[None]))[0, :, :, 0]
    side = layer.kernel_size
    before = (side - 1) // 2
    padded = np.pad(seen, ((before, side - 1 - before), (before, side - 1 - before), (0, 0)))
    for plane, (y, x) in seed_cells(np.asarray(layer(seen[None]))[0], column).items():
        kernel[..., plane] += strength * layer.fixed[..., 0] * padded[y : y + side, x : x + side]
        inhibition[plane] += strength * surround[y, x]
    layer.set_weights([kernel, inhibition])
