"""A report as one HTML page that needs nothing else."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, StrictUndefined

from localdev.evaluate.report import Comparison, Report

_TEMPLATE = Path(__file__).with_name("page.html.jinja")


def page(report: Report, comparison: Comparison | None) -> str:
    """Return the page."""
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    template = environment.from_string(_TEMPLATE.read_text(encoding="utf-8"))
    return template.render(report=report, comparison=comparison)
