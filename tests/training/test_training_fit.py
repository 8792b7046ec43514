"""The training loop: against gradient descent written out in numpy, exact resume, and what it refuses."""

import numpy as np
import pytest

from astrocnn import backend
from astrocnn.errors import StageFailed
from astrocnn.training.augment import Augmentation
from astrocnn.training.fit import FitSettings, fit
from astrocnn.training.normalise import Normalisation, fit_normalisation
from astrocnn.training.parameters import Training
from astrocnn.training.schedule import CosineSchedule, StepSchedule

PLAIN = Augmentation(rotate="none", flip=False)
NORMALISATION = Normalisation(mean=(5.0, 5.0), sigma=(1.5, 1.5))


def settings(size=(16, 16), seed=4, loss="binary_crossentropy", targets=(), **changes):
    training = {
        "epochs": 3, "batch_size": 8, "learning_rate": 0.01, "schedule": CosineSchedule(),
        "augment": Augmentation(rotate="quarter"), **changes,
    }  # fmt: skip
    return FitSettings(Training(**training), size, seed, loss, targets)


def silent(done, total, text):
    """Progress that nobody watches."""


def weights_of(model):
    return [np.asarray(variable) for variable in model.variables]


def logistic_model(outputs=1):
    """Logistic regression of all pixels, from zero; a softmax for several outputs."""
    keras = backend.prepare()
    inputs = keras.Input((16, 16, 2))
    activation = "sigmoid" if outputs == 1 else "softmax"
    dense = keras.layers.Dense(outputs, activation=activation, kernel_initializer="zeros")
    return keras.Model(inputs, dense(keras.layers.Flatten()(inputs)))


def logistic_regression(samples, train, epochs, rate_of):
    """Adam (Kingma & Ba 2015, algorithm 1, with Keras' epsilon) on the same batches in float64.

    The last batch counts as much per object as the others: its sum is divided by the whole batch size.
    """
    data = NORMALISATION.apply(samples.read(np.arange(len(samples)))).reshape(len(samples), -1).astype(float)
    x = np.hstack([data, np.ones((len(samples), 1))])
    labels, weights = samples.column("label").astype(float), samples.column("weight").astype(float)
    theta, first, second, step, losses = np.zeros(x.shape[1]), 0.0, 0.0, 0, []
    for epoch in range(epochs):
        total = 0.0
        for number, batch in enumerate(samples.shuffled_batches(train.training.batch_size, train.seed, epoch)):
            rows = batch.indices
            p = 1 / (1 + np.exp(-x[rows] @ theta))
            each = -np.log(np.where(labels[rows] == 1, p, 1 - p))
            total += float(np.sum(weights[rows] * each))
            gradient = (weights[rows] * (p - labels[rows])) @ x[rows] / train.training.batch_size
            step += 1
            first, second = 0.9 * first + 0.1 * gradient, 0.999 * second + 0.001 * gradient**2
            unbiased = (first / (1 - 0.9**step)) / (np.sqrt(second / (1 - 0.999**step)) + 1e-7)
            theta = theta - rate_of(epoch, number) * unbiased
        losses.append(total / len(samples))
    return theta, losses


def test_weights_are_those_of_gradient_descent_in_numpy(write_set, tmp_path):
    """With weights of the objects, and a last batch of 2 whose six other rows must not count, nor in the loss told."""
    weight = np.random.default_rng(0).uniform(0.2, 2.0, 18).astype(np.float32)
    samples = write_set(18, columns={"weight": weight})
    chosen = settings(augment=PLAIN, schedule=StepSchedule(every_epochs=100), learning_rate=1e-3)
    model = logistic_model()
    history = fit(model, samples, samples, NORMALISATION, chosen, tmp_path / "scratch", silent)
    expected, losses = logistic_regression(samples, chosen, 3, lambda epoch, step: 1e-3)
    kernel, bias = model.get_weights()
    # nine steps of 1e-3 in float32: Adam divides tiny gradients by their size, so pixels without signal may differ by
    # a thousandth of what they moved
    np.testing.assert_allclose(np.append(kernel[:, 0], bias), expected, atol=2e-5)
    np.testing.assert_allclose([row["loss"] for row in history], losses, rtol=1e-4)


def test_the_rate_follows_the_schedule(write_set, tmp_path):
    """Taken in the middle of each step."""
    samples = write_set(16)
    schedule = CosineSchedule(warmup_epochs=0.5, end=0.1)
    chosen = settings(augment=PLAIN, schedule=schedule, epochs=2, learning_rate=1e-3)
    model = logistic_model()
    history = fit(model, samples, samples, NORMALISATION, chosen, tmp_path / "scratch", silent)
    expected, _ = logistic_regression(
        samples, chosen, 2, lambda epoch, step: 1e-3 * schedule.factor(epoch + (step + 0.5) / 2, 2)
    )
    kernel, bias = model.get_weights()
    np.testing.assert_allclose(np.append(kernel[:, 0], bias), expected, atol=2e-5)
    assert history[-1]["learning_rate"] == pytest.approx(1e-3 * schedule.factor(1.75, 2))


def test_a_step_schedule_falls_after_the_last_step_of_its_epochs(write_set, tmp_path):
    """Divided by ten every epoch: all steps of the first epoch have the full rate."""
    samples = write_set(16)
    chosen = settings(augment=PLAIN, schedule=StepSchedule(every_epochs=1), epochs=2, learning_rate=1e-3)
    model = logistic_model()
    fit(model, samples, samples, NORMALISATION, chosen, tmp_path / "scratch", silent)
    expected, _ = logistic_regression(samples, chosen, 2, lambda epoch, step: 1e-3 * 0.1**epoch)
    kernel, bias = model.get_weights()
    np.testing.assert_allclose(np.append(kernel[:, 0], bias), expected, atol=2e-5)


@pytest.fixture(scope="module")
def sets(write_set):
    """Training and validation set of a task that is easy."""
    samples = write_set(42, 16)
    return samples.split("train"), samples.split("validation")


@pytest.fixture(scope="module")
def train_pocket(pocket, sets, tmp_path_factory):
    """Train a new network of batch normalisation and dropout: train_pocket(scratch, progress) -> model, history."""
    root = tmp_path_factory.mktemp("trainings")

    def train(scratch, progress):
        model = pocket().build((16, 16, 2), seed=1)
        return model, fit(model, *sets, NORMALISATION, settings(epochs=5, learning_rate=0.03), root / scratch, progress)

    return train


@pytest.fixture(scope="module")
def straight(train_pocket):
    """That training without a stop, with what its progress said."""
    heard = []
    model, history = train_pocket("straight", lambda *step: heard.append(step))
    return model, history, heard


def test_an_easy_set_is_learnt(sets, straight):
    _, history, heard = straight
    losses = [row["loss"] for row in history]
    assert losses[-1] < 0.5 * losses[0]
    assert history[-1]["validation_auroc"] > 0.95
    assert history[-1]["validation_loss"] < history[0]["validation_loss"]
    assert [row["epoch"] for row in history] == [1, 2, 3, 4, 5]
    assert all(row["seconds"] > 0 for row in history)
    steps = -(-len(sets[0]) // 8)
    assert [step[:2] for step in heard] == [(done, 5 * steps) for done in range(1, 5 * steps + 1)]
    assert "epoch 5" in heard[-1][2]


def killed_at(step):
    """Progress that dies like a process that gets Ctrl-C."""

    def progress(done, total, text):
        if done == step:
            raise KeyboardInterrupt

    return progress


def assert_same_training(got, expected):
    for one, other in zip(weights_of(got[0]), weights_of(expected[0]), strict=True):
        np.testing.assert_array_equal(one, other)
    histories = [[{**row, "seconds": 0} for row in rows] for rows in (got[1], expected[1])]
    assert histories[0] == histories[1]


def test_a_killed_training_ends_with_the_same_bits(sets, train_pocket, straight):
    """Killed within the third epoch, and gone on with in a network built anew: dropout and moving averages too."""
    steps = -(-len(sets[0]) // 8)
    with pytest.raises(KeyboardInterrupt):
        train_pocket("killed", killed_at(2 * steps + 2))
    assert_same_training(train_pocket("killed", silent), straight)


def test_a_training_stopped_after_every_epoch_ends_with_the_same_bits(write_set, tmp_path):
    samples = write_set(20)

    def train(scratch, progress):
        model = logistic_model()
        return model, fit(model, samples, samples, NORMALISATION, settings(), tmp_path / scratch, progress)

    for epoch in (1, 2):
        with pytest.raises(KeyboardInterrupt):
            train("stopped", killed_at(3 * epoch + 1))  # 20 objects in batches of 8 are three steps
    assert_same_training(train("stopped", silent), train("straight", silent))


def test_a_finished_training_is_not_done_again(write_set, tmp_path):
    samples, model = write_set(16), logistic_model()
    history = fit(model, samples, samples, NORMALISATION, settings(epochs=1), tmp_path / "scratch", silent)
    weights = weights_of(model)
    again = fit(model, samples, samples, NORMALISATION, settings(epochs=1), tmp_path / "scratch", killed_at(1))
    assert again == history
    for got, expected in zip(weights_of(model), weights, strict=True):
        np.testing.assert_array_equal(got, expected)


def test_the_seed_decides_the_training(write_set, tmp_path):
    samples = write_set(16)

    def weights(scratch, seed):
        model = logistic_model()
        fit(model, samples, samples, NORMALISATION, settings(epochs=1, seed=seed), tmp_path / scratch, silent)
        return model.get_weights()[0]

    first = weights("one", 4)
    np.testing.assert_array_equal(weights("two", 4), first)
    assert (weights("three", 5) != first).any()


def test_one_class_is_nothing_to_train_on(write_set, tmp_path):
    samples = write_set(12)
    lenses = samples.select(samples.column("label") == 1)
    with pytest.raises(StageFailed, match="one class only"):
        fit(logistic_model(), lenses, samples, NORMALISATION, settings(), tmp_path, silent)


def test_a_loss_that_is_not_finite_stops_the_training(write_set, tmp_path):
    samples, model = write_set(16), logistic_model()
    model.set_weights([np.full_like(value, np.nan) for value in model.get_weights()])
    with pytest.raises(StageFailed, match=r"the loss is not finite.*received nan.*lower learning_rate"):
        fit(model, samples, samples, NORMALISATION, settings(augment=PLAIN), tmp_path / "scratch", silent)
    assert not (tmp_path / "scratch" / "checkpoint.h5").exists(), "what is broken is not gone on from"


def test_the_validation_set_only_watches(write_set, tmp_path):
    """Its numbers against formulas: cross entropy, and the share of pairs in the right order."""
    samples, other = write_set(16), write_set(20, name="other")
    chosen = settings(augment=PLAIN, epochs=2, learning_rate=1e-3)
    watched, alone = logistic_model(), logistic_model()
    history = fit(watched, samples, other, NORMALISATION, chosen, tmp_path / "watched", silent)
    fit(alone, samples, samples, NORMALISATION, chosen, tmp_path / "alone", silent)
    for got, expected in zip(weights_of(watched), weights_of(alone), strict=True):
        np.testing.assert_array_equal(got, expected)
    kernel, bias = watched.get_weights()
    x = NORMALISATION.apply(other.read(np.arange(20))).reshape(20, -1).astype(float)
    p = 1 / (1 + np.exp(-(x @ kernel[:, 0] + bias)))
    label = other.column("label")
    entropy = -np.mean(np.log(np.where(label == 1, p, 1 - p)))
    pairs = p[label == 1][:, None] - p[label == 0][None, :]
    auroc = np.mean((pairs > 0) + 0.5 * (pairs == 0))
    assert history[-1]["validation_loss"] == pytest.approx(entropy, rel=1e-4)
    assert history[-1]["validation_auroc"] == pytest.approx(auroc, abs=1e-9)


def test_several_classes_are_learnt_too(write_set, tmp_path):
    """A softmax over three classes, told apart by their level."""
    label = np.arange(30) % 3
    data = np.random.default_rng(0).normal(size=(30, 16, 16, 2)) + 3.0 * label[:, None, None, None]
    columns = {"label": label.astype(np.int8)}
    samples = write_set(30, data=data.astype(np.float32), columns=columns, classes=("a", "b", "c"), positive="c")
    chosen = settings(epochs=4, learning_rate=3e-3, batch_size=10, loss="sparse_categorical_crossentropy")
    history = fit(
        logistic_model(3), samples, samples, fit_normalisation(samples, None), chosen, tmp_path / "scratch", silent
    )
    assert history[-1]["loss"] < 0.6 * history[0]["loss"]
    assert history[-1]["validation_loss"] < 0.6 * np.log(3)  # ln 3 is what guessing gives
    assert "validation_auroc" not in history[-1]


def test_one_output_is_the_probability_of_the_class_searched_for(write_set, tmp_path):
    """Also where that class is the first."""
    lens_first = (1 - np.arange(16) % 2).astype(np.int8)
    samples = write_set(16, columns={"label": lens_first}, classes=("lens", "nonlens"), positive="lens")
    model = logistic_model()
    history = fit(model, samples, samples, NORMALISATION, settings(augment=PLAIN), tmp_path / "scratch", silent)
    assert history[-1]["validation_auroc"] > 0.95
    scores = np.asarray(model(NORMALISATION.apply(samples.read(np.arange(16)))))[:, 0]
    assert scores[lens_first == 0].min() > scores[lens_first == 1].max()


def test_objects_without_a_label_are_refused(write_set, tmp_path):
    """Label -1 is "unknown": a cross entropy takes it for a number."""
    samples = write_set(12, columns={"label": np.array([0, 1, -1] * 4, np.int8)})
    with pytest.raises(StageFailed, match=r"set-2, set-5.*without a label"):
        fit(logistic_model(), samples, samples, NORMALISATION, settings(), tmp_path, silent)


def test_balanced_classes_weigh_as_if_the_table_said_so(write_set, tmp_path):
    """Three of four are no lens: 16 / (2 * 12) for each of them, and 16 / (2 * 4) for a lens."""
    label = (np.arange(16) % 4 == 0).astype(np.int8)
    weight = np.where(label == 1, 2.0, 2 / 3).astype(np.float32)
    models = []
    for columns, chosen in (({}, "balanced"), ({"weight": weight}, "none")):
        samples, model = write_set(16, columns={"label": label, **columns}), logistic_model()
        fit(model, samples, samples, NORMALISATION, settings(class_weight=chosen), tmp_path / chosen, silent)
        models.append(weights_of(model))
    for one, other in zip(*models, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-7)
