"""Fills in the pages' jinja2 templates, which escape every text."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import jinja2


def filled_in(template: str, **values: Any) -> str:  # noqa: ANN401 - whatever a template shows
    """Returns a page; a missing value is an error."""
    loader = jinja2.PackageLoader("ingredients.report")
    environment = jinja2.Environment(
        loader=loader, autoescape=True, undefined=jinja2.StrictUndefined, keep_trailing_newline=True
    )
    style, script = (loader.get_source(environment, f"report.{kind}")[0] for kind in ("css", "js"))
    # the page's policy names the one script that may run, by its hash
    allowed = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    page = environment.get_template(template)
    return page.render(style=style, script=script, script_hash=allowed, **values).lstrip()
