"""Learning without a teacher: which cells learn, what, and that planes divide patterns among them."""

import numpy as np
import pytest

from astrocnn import backend
from astrocnn.networks.registry import build
from astrocnn.training.self_organisation import seed_cells, self_organise


@pytest.fixture(scope="module", autouse=True)
def prepared():
    backend.prepare()


def bar(orientation, size=16):
    """Bright bar of 7 px length in the middle: along x, y, and both diagonals."""
    image = np.zeros((size, size))
    steps = np.arange(-3, 4)
    along_y, along_x = [(0, 1), (1, 0), (1, 1), (1, -1)][orientation]
    image[size // 2 + along_y * steps, size // 2 + along_x * steps] = 1
    return image[..., None].astype("float32")


def candidates_by_loops(answers, column):
    """The paper's words: of each column the strongest, of each plane's candidates the strongest."""
    height, width, _ = answers.shape
    half, found = column // 2, {}
    for y in range(height):
        for x in range(width):
            rows, places = slice(max(0, y - half), y + half + 1), slice(max(0, x - half), x + half + 1)
            part = answers[rows, places]
            dy, dx, plane = np.unravel_index(part.argmax(), part.shape)
            if part.max() > found.get(plane, (0,))[0]:
                found[plane] = (part.max(), (int(rows.start + dy), int(places.start + dx)))
    return {int(plane): place for plane, (_, place) in found.items()}


@pytest.mark.parametrize("column", [1, 3, 5])
def test_seed_cells(column):
    answers = np.random.default_rng(column).random((7, 6, 9))
    seeds = seed_cells(answers, column)
    assert seeds == candidates_by_loops(answers, column)
    assert len(set(seeds.values())) == len(seeds)
    assert seed_cells(np.zeros((4, 4, 2)), column) == {}


def test_a_plane_learns_what_its_seed_cell_reads():
    """One image, one column as large as the map: one plane becomes q c u with b = q v."""
    model = build("neocognitron", (16, 16, 1), planes=[5], selectivity=[4.0], seed=1)
    layer = model.get_layer("stage1_s")
    image = bar(0)
    self_organise(model, image[None], rounds=1, column=31, strength=2.0)
    kernel, inhibition = layer.get_weights()
    (plane,) = np.flatnonzero(inhibition)
    fixed = layer.fixed[:, :, 0, 0]
    learned = kernel[:, :, 0, plane] / fixed / 2
    assert set(learned.round().ravel()) == {0, 1}
    assert inhibition[plane] == pytest.approx(2 * np.sqrt((fixed * learned.round() ** 2).sum()), rel=0.01)
    assert np.delete(kernel, plane, axis=-1).max() < 0.01


def test_planes_divide_four_orientations_among_them():
    """After three rounds each bar has a plane of its own, which is silent for the others."""
    model = build("neocognitron", (16, 16, 1), planes=[6], selectivity=[4.0], seed=2)
    images = np.stack([bar(orientation) for orientation in range(4)])
    self_organise(model, images, rounds=3, column=31)
    answers = np.asarray(model.get_layer("stage1_s")(images))[:, 4:-4, 4:-4]
    strongest = answers.max(axis=(1, 2))
    winners = strongest.argmax(axis=1)
    assert len(set(winners)) == 4
    for orientation, plane in enumerate(winners):
        assert strongest[orientation, plane] > 0.5
        assert strongest[np.arange(4) != orientation, plane].max() < 0.5 * strongest[orientation, plane]


def test_later_stages_learn_from_what_earlier_ones_found():
    """The second stage tells the bars apart too; what is not S-cells is left as it was."""
    keras = backend.prepare()
    model = build("neocognitron", (16, 16, 1), planes=[8, 6], selectivity=[4.0, 1.5], seed=3)
    before = model.get_layer("probability").get_weights()
    images = np.stack([bar(orientation) for orientation in range(4)])
    self_organise(model, images, column=31)
    cells = keras.Model(model.input, model.get_layer("stage2_s").output)
    winners = np.asarray(cells(images)).max(axis=(1, 2)).argmax(axis=1)
    assert len(set(winners)) == 4
    kernel, inhibition = model.get_layer("stage2_s").get_weights()
    assert (kernel[..., winners].max(axis=(0, 1, 2)) > 0.01).all()
    assert (inhibition[winners] > 0).all()
    assert all((a == b).all() for a, b in zip(before, model.get_layer("probability").get_weights(), strict=True))
