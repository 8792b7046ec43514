"""A plugin of small stages without Keras; each appends what it does to the file that THROWAWAY_LOG names."""

import errno
import os
import time
from typing import Annotated, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, Strict

from astrocnn.errors import DataError
from astrocnn.pipeline.publish import link_or_copy
from astrocnn.pipeline.registry import register_stage
from astrocnn.pipeline.stage import (
    Edge,
    Finding,
    Forecast,
    InputValue,
    Outside,
    Part,
    References,
    Stage,
    StageParameters,
)

__version__ = "1.2"


def note(text):
    """Append a line in one write, from whatever process."""
    with open(os.environ["THROWAWAY_LOG"], "a") as stream:
        stream.write(f"{text}\n")


class Cut(BaseModel):
    """A nested model of nested models."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)
    above: float | None = None
    between: Annotated[tuple[float, float], Strict(False)] | None = None


class Step(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)
    kind: Literal["step"] = "step"
    every_epochs: int = Field(1, gt=0)


class Cosine(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)
    kind: Literal["cosine"] = "cosine"
    warmup_epochs: float = 0.0


class Numbers(Stage):
    """Write numbers in one piece."""

    use = "numbers"
    produces = "SampleSet"

    class Parameters(StageParameters):
        number: int = Field(3, ge=1, le=1000)
        value: float = Field(1.0, lt=1e6)
        label: int | str = "none"
        range: Annotated[tuple[float, float], Strict(False)] = (0.0, 1.0)
        rejected: int = 0
        behave: Literal["well", "fail", "full", "waver"] = "well"
        cuts: dict[str, dict[str, Cut]] = Field({})
        schedule: Annotated[Step | Cosine, Field(discriminator="kind")] = Cosine()
        options: dict[str, object] = Field({})

    def forecast(self, parameters, scene):
        return Forecast(objects=parameters.number, bytes=8 * parameters.number)

    def check(self, parameters, scene):
        if parameters.number == 13:
            yield Finding("number", "is unlucky", "warning")
        if parameters.number == 666:
            yield Finding("number", "is evil")
        if parameters.number == 667:
            yield Finding("", "is beside evil")

    def run(self, task):
        note(task.name)
        (task.out / "sub").mkdir()
        (task.out / "sub" / "half.txt").write_text("half")
        if task.parameters.behave == "fail":
            raise DataError("cannot count")
        if task.parameters.behave == "full":
            raise OSError(errno.ENOSPC, "No space left on device")
        if task.parameters.behave == "waver":
            raise OSError(errno.EIO, "Input/output error")
        task.progress(1, 1, "counting")
        values = task.parameters.value * np.arange(task.parameters.number)
        (task.out / "values.txt").write_text("\n".join(map(str, values)))
        (task.out / "values.h5").write_bytes(b"not really")
        task.ledger.add([f"n{i}" for i in range(task.parameters.number)], "simulated")
        task.ledger.add([f"bad{i}" for i in range(task.parameters.rejected)], "rejected", "too odd")


class Tiles(Stage):
    """Read files, one part each."""

    use = "tiles"
    produces = "SampleSet"
    extent_keys = ("first",)

    class Parameters(StageParameters):
        images: Annotated[InputValue, Outside()]
        scale: float = 1.0
        first: int | None = None
        one_name: bool = False

    def parts(self, parameters, scene):
        files = sorted(parameters.images.path.parent.glob(parameters.images.path.name))[: parameters.first]
        if parameters.one_name:
            return [Part("same", {"file": path}, path) for path in files]
        return [Part(path.stem, {"files": [path]}, path) for path in files]

    def run_part(self, task, part):
        note(f"{task.name}:{part.name}")
        text = part.work.read_text()
        if "die" in text:
            time.sleep(1.0)  # let the others finish
            os._exit(9)
        if "fail" in text:
            raise DataError("cannot be read", where=str(part.work))
        if part.work.with_suffix(".trouble").exists():  # passes, and is no part of what defines the result
            task.ledger.add([part.name], "rejected", "trouble")
            text = "0.0"
        else:
            task.ledger.add([part.name], "read")
        (task.out / "part.txt").write_text(f"{float(text) * task.parameters.scale} seed {task.scene.seed}")

    def finish(self, task, parts):
        note(task.name)
        for number, folder in enumerate(parts):
            link_or_copy(folder / "part.txt", task.out / f"{number:05d}.h5")


class Follow(Stage):
    """Follow the parts of another stage."""

    use = "follow"
    produces = "SampleSet"
    maps_over = "tiles"

    class Parameters(StageParameters):
        tiles: Annotated[References, Edge("SampleSet", splits=True)]
        plus: float = 0.0

    def parts(self, parameters, scene):
        return [Part(part.name, part.hash, number) for number, part in enumerate(scene.source("tiles").parts)]

    def run_part(self, task, part):
        note(f"{task.name}:{part.name}")
        text = sorted(task.source("tiles").folder.glob("*.h5"))[part.work].read_text()
        (task.out / "part.txt").write_text(f"{text} plus {task.parameters.plus}")
        task.ledger.add([part.name], "simulated")

    def finish(self, task, parts):
        note(task.name)
        for number, folder in enumerate(parts):
            link_or_copy(folder / "part.txt", task.out / f"{number:05d}.h5")


class Learn(Stage):
    """Make a model from samples, or take one that is given."""

    use = "learn"
    produces = "Model"

    class Parameters(StageParameters):
        samples: Annotated[References, Edge("SampleSet")] = ()
        from_: Annotated[References, Edge("Model")] = Field((), alias="from")
        epochs: int = Field(1, ge=0)

    def needs(self, key, taken):
        return key == "samples" and not taken.get("from")

    def needless(self, parameters, taken):
        return ("samples",) if taken.get("from") else ()

    def run(self, task):
        note(task.name)
        (task.out / "model.yaml").write_text("trained: true")


class Apply(Stage):
    """Apply a model to samples."""

    use = "apply"
    produces = "Scores"

    class Parameters(StageParameters):
        model: Annotated[References, Edge("Model")]
        samples: Annotated[References, Edge("SampleSet", splits=True)]

    def run(self, task):
        note(task.name)
        task.source("model")
        source = task.source("samples")
        (task.out / "scores.parquet").write_text(f"{source.name} {'+'.join(source.splits)}")
        task.ledger.add(["a"], "scored")


class Merge(Stage):
    """Take several products and a file from outside, all of them optional."""

    use = "merge"
    produces = "SampleSet"

    class Parameters(StageParameters):
        samples: Annotated[References, Edge("SampleSet", splits=True, many=True)] = ()
        table: Annotated[InputValue | None, Outside()] = None

    def run(self, task):
        note(task.name)
        names = [source.name for source in task.scene.sources["samples"]]
        (task.out / "names.txt").write_text(" ".join(names))


class Page(Stage):
    """Look at every product."""

    use = "page"
    produces = "Report"

    class Parameters(StageParameters):
        products: Annotated[References, Edge("any", many=True)] = ()

    def run(self, task):
        note(task.name)
        names = sorted(source.name for source in task.scene.sources["products"])
        (task.out / "index.html").write_text(f"{task.run.name}: {' '.join(names)}")


class Stamps(Stage):
    """Write a real SampleSet of two stamps."""

    use = "stamps"
    produces = "SampleSet"

    class Parameters(StageParameters):
        size_px: int = 4

    def run(self, task):
        from astrocnn.samples.meta import SampleMeta
        from astrocnn.samples.shards import ShardWriter

        size = task.parameters.size_px
        meta = SampleMeta(kind="images", shape=(size, size, 1), bands=("r",), scale=0.2, scale_unit="arcsec")
        with ShardWriter(task.out / "samples.h5", meta) as writer:
            ids = np.array(["J1", "J2"], dtype=object)
            writer.append(np.ones((2, size, size, 1), np.float32), {"id": ids, "group": ids})


for stage in (Numbers, Tiles, Follow, Learn, Apply, Merge, Page, Stamps):
    register_stage(stage())
