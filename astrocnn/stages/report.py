"""The `report` stage: one self-contained page about the run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field, Strict

from astrocnn.pipeline.stage import Edge, References, Stage, StageParameters, Task

if TYPE_CHECKING:
    from astrocnn.pipeline.view import ProductView
    from astrocnn.report.run_view import StageView


class Parameters(StageParameters):
    """Parameters of `report`."""

    products: Annotated[References, Edge("any", many=True)] = Field(
        (), description="what it shows; all stages by default"
    )
    title: str = Field("", description="heading of the page; the run's name by default")
    description: str = Field("", description="a sentence below the heading")
    caveats: Annotated[tuple[str, ...], Strict(False)] = Field((), description="what a reader must know first")


class Report(Stage[Parameters]):
    """Write one self-contained HTML page: candidates, skill, training, receptive field, ledger, provenance."""

    use = "report"
    produces = "Report"
    revision = 4

    def run(self, task: Task[Parameters]) -> None:
        """Build the page from the products' folders."""
        from astrocnn.pipeline.provenance import environment
        from astrocnn.pipeline.run_log import logged_warnings
        from astrocnn.report.build import build_report
        from astrocnn.report.run_view import ReportRun

        shown = {source.name for source in task.scene.sources.get("products", ())}
        stages = [
            _seen(view, being_made=view.name == task.name)
            for view in task.run
            if view.name in shown or view.name == task.name or view.state == "skipped"
        ]
        run = ReportRun(
            name=task.run.name, title=task.parameters.title, description=task.parameters.description,
            caveats=list(task.parameters.caveats), file_text=task.run.file_text, stages=stages,
            environment=environment(0.0), seed=task.scene.seed, warnings=logged_warnings(),
        )  # fmt: skip
        build_report(task.out, run)


def _seen(view: ProductView, being_made: bool) -> StageView:
    """A stage as the page shows it; of the page itself, and of what is skipped, nothing that earlier runs left."""
    from astrocnn.report.run_view import StageView

    if being_made:
        return StageView(view.name, view.use, view.kind, "made", hash=view.hash, parents=view.parents)
    folder = None if view.state == "skipped" else view.folder
    return StageView(
        view.name, view.use, view.kind, view.state, folder, view.hash, view.environment.get("seconds"),
        view.parents, view.environment.get("peak_memory_mb"),
    )  # fmt: skip


STAGE = Report()
