"""The section of the run itself, apart from all others: times and machines, which differ between equal runs."""

from __future__ import annotations

from astrocnn.pipeline.store import ENVIRONMENT
from astrocnn.report.formats import duration, flattened
from astrocnn.report.page import Section, render
from astrocnn.report.products import ProductFolder
from astrocnn.report.run_view import ReportRun


def information_section(run: ReportRun) -> Section:
    """Time of each stage, the run's environment, and where each product was made."""
    seconds = {stage.name: stage.seconds or 0.0 for stage in run.stages}
    longest = max(seconds.values(), default=0.0) or 1.0
    timings = [
        {
            "name": stage.name,
            "state": stage.state,
            "text": duration(stage.seconds),
            "memory": f"{stage.peak_memory_mb:,.0f} MB" if stage.peak_memory_mb else "",
            "percent": 100 * seconds[stage.name] / longest,
        }
        for stage in run.stages
    ]
    stages = []
    for stage in run.stages:
        values = ProductFolder(stage.product).json(ENVIRONMENT) if stage.product is not None else None
        if values:
            stages.append({"name": stage.name, "rows": flattened(values)})
    html = render(
        "information.html",
        timings=timings,
        total=duration(sum(seconds.values())),
        warnings=run.warnings,
        environment=flattened(run.environment),
        stages=stages,
    )
    lead = "Where and how fast this was made. All that stands above depends on the products alone; this does not."
    return Section("Run information", "run-information", html, lead, volatile=True)
