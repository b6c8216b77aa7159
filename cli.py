"""The command `ingredients` from a checkout, a thin door to it: `python cli.py run-grid`."""

from __future__ import annotations

from ingredients.commands.app import app

__all__ = ["app"]

if __name__ == "__main__":
    app()
