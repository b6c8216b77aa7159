"""The pages' templates: filled in by jinja2, which escapes every text; the style stands within the page."""

from __future__ import annotations

from typing import Any

import jinja2


def filled_in(template: str, **values: Any) -> str:  # noqa: ANN401 - whatever a template shows
    """Returns a page; a value that the template needs and does not get is an error."""
    loader = jinja2.PackageLoader("ingredients.report")
    environment = jinja2.Environment(
        loader=loader, autoescape=True, undefined=jinja2.StrictUndefined, keep_trailing_newline=True
    )
    style = loader.get_source(environment, "report.css")[0]
    return environment.get_template(template).render(style=style, **values).lstrip()
