"""All benchmarks, one after the other: `python -m tests.benchmarks`, or `make bench`.

Comes in: options, the same for all parts. Goes out: tables as they come, and everything in one JSON file. Each part is
a process of its own with a time limit, so that one which fails or hangs costs only itself.
"""

from __future__ import annotations

import importlib
import json
import os
import platform
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from ingredients.machine import usable_cores

from .part import Options, Part, Result, parsed, show

SECONDS = {
    "recurrent_ppo": 420,
    "jax_ppo": 300,
    "to_threshold": 900,
    "quality": 1800,
    "scaling": 600,
    "families": 300,
    "limit": 300,
    "report_size": 900,
    "overhead": 1200,
    "plan_honesty": 900,
    "engines": 900,
    "audit_truths": 900,
    "spaces": 600,
    "gym_speed": 900,
}
OUT = Path("results/bench.json")


def main() -> None:
    """Measures every part, prints it, and writes the file; the exit code is 1 where a part was not measured."""
    options, as_json = parsed("all benchmarks; results/bench.json")
    arguments = [argument for argument in sys.argv[1:] if argument != "--json"]
    results: Result = {"machine": _machine()}
    for name, seconds in {"bench": 300, **SECONDS}.items():
        results[name] = _measured(_command(name, options, arguments), seconds)
        if not as_json:
            _show(name, results[name])
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(results, indent=2) if as_json else f"\nall numbers: {OUT}")
    sys.exit(any("failed" in results[name] for name in ("bench", *SECONDS)))


def _machine() -> dict[str, Any]:
    """Returns what the numbers are of, and the load before: where it is above 0.5 others were at work."""
    told = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    model = re.search(r"^model name\s*: (.+)$", told, re.MULTILINE)
    return {
        "processor": model[1] if model else platform.processor(),
        "cores": usable_cores(),
        "python": platform.python_version(),
        "load_before": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
    }


def _command(name: str, options: Options, arguments: list[str]) -> list[str]:
    if name == "bench":
        return [sys.executable, "-m", "cli", "bench", "--format", "json", "--workers", str(options.workers)]
    return [sys.executable, "-m", f"{__package__}.{name}", "--json", *arguments]


def _measured(command: list[str], seconds: int) -> Result:
    """Returns a part's measurements, or why there are none."""
    try:
        said = subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=seconds)
    except subprocess.TimeoutExpired:
        return {"failed": f"took more than {seconds} s"}
    if said.returncode:
        return {"failed": f"ended with code {said.returncode}"}
    result: Result = json.loads(said.stdout)
    return result


def _show(name: str, result: Result) -> None:
    if name == "bench" or "failed" in result:
        lines = [f"{key}: {value}" for key, value in result.items() if key not in ("workload", "scaling")]
        print("\n".join([f"\n{name}", *lines]))
        return
    part: Part = importlib.import_module(f".{name}", __package__).PART
    show(part, result)


if __name__ == "__main__":
    main()
