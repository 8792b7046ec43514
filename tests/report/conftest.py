import pytest
from report_page_elements import Elements
from report_written_run import write_run

from astrocnn.report.build import build_report
from astrocnn.report.run_view import ReportRun


@pytest.fixture(scope="session")
def run(tmp_path_factory) -> ReportRun:
    return write_run(tmp_path_factory.mktemp("run"))


@pytest.fixture(scope="session")
def page(run, tmp_path_factory) -> str:
    return build_report(tmp_path_factory.mktemp("page"), run).read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def elements(page) -> Elements:
    return Elements(page)
