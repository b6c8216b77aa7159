"""Routes in words."""

from __future__ import annotations

from collections.abc import Sequence

from ingredients.judgement.results import CellResult
from ingredients.judgement.route_results import RouteResult
from ingredients.judgement.routes import LEAKED, NEEDLESS, OUTSIDE, SHOWN, open_routes
from ingredients.judgement_input.references import CHANNELS
from ingredients.study import Ingredient

SWITCHED_ON = "switched on"


def route_words(result: CellResult) -> dict[Ingredient, str]:
    """Returns a cell's routes by ingredient; `no route`, or `undecided`."""
    return {name: _in_words(result, name) for name in result.routes}


def _in_words(result: CellResult, name: Ingredient) -> str:
    present = [route for route in result.routes[name] if route.present]
    if any(route.route == SHOWN for route in present):
        if name not in CHANNELS:
            return SWITCHED_ON
        present = [route for route in present if route.route == SHOWN]
    if present:
        names = dict.fromkeys(route.route for route in present)
        return "; ".join(_one_route([route for route in present if route.route == each]) for each in names)
    return "undecided" if name in open_routes(result.routes) else "no route"


def _one_route(measured_by: Sequence[RouteResult]) -> str:
    """Returns one route with its numbers: `leaked (decoder skill 0.88 [0.85, 0.91])`."""
    numbers = [number for route in measured_by if (number := _number(route))]
    return f"{measured_by[0].route} ({'; '.join(numbers)})" if numbers else measured_by[0].route


def _number(route: RouteResult) -> str:
    value = route.value
    if value.mean is None or value.low is None or value.high is None:
        return ""
    return f"{_short(route)} {bounded(value.mean, value.low, value.high)}"


def _short(route: RouteResult) -> str:
    if route.route == LEAKED or route.measure.startswith("decoder skill"):
        return "decoder skill"
    lost = {NEEDLESS: "another lifetime's channel", OUTSIDE: "the swap of what it wrote"}
    trembles = "replaced actions, beyond the loss of agents that see them:"
    return f"score lost to {lost.get(route.route, trembles)}"


def measured(route: RouteResult) -> str:
    """Returns a route's measure, with its number if any."""
    value = route.value
    if value.mean is None or value.low is None or value.high is None:
        return route.measure
    return f"{route.measure} {bounded(value.mean, value.low, value.high)}"


def bounded(mean: float, low: float, high: float) -> str:
    """Returns a number with its interval: `0.95 [0.93, 0.98]`."""
    mean_, low_, high_ = (f"{round(value, 2) + 0.0:.2f}" for value in (mean, low, high))
    return f"{mean_} [{low_}, {high_}]"
