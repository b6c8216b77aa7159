"""Leases: never two holders, the dead are found out, the living are left alone, and clocks are not compared."""

from __future__ import annotations

import itertools
import json
import os
import socket
import subprocess
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from command import ROOT
from stores import another_at_work

from ingredients.store.leases import Leases, Watch, at_work
from ingredients.store.processes import Process, is_there, this_process

ELSEWHERE = Process("n1", "n1 since yesterday", 7, "123")


def left_behind(directory: Path, process: Process, *names: str, beat: int = 1, file: str = "ab") -> Path:
    """Writes the file of another process."""
    path = directory / "leases" / f"{file}.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({"process": asdict(process), "beat": beat, "names": names}))
    return path


def test_what_one_holds_another_does_not_get(tmp_path: Path) -> None:
    """All of the names or none; who holds them is said; given back, or at the end, they are to be had."""
    with Leases(tmp_path) as first, Leases(tmp_path) as second:
        assert first.take(["a", "b"]) is None
        assert first.take(["a"]) is None  # it has it already
        assert second.take(["b", "c"]) == this_process()
        assert first.take(["c"]) is None
        first.give_back(["b", "c"])
        assert second.take(["b", "c"]) is None
        assert str(second.take(["a"])) == f"process {os.getpid()} on {socket.gethostname()}"
        first.__exit__(None, None, None)
        assert second.take(["a"]) is None
    assert list((tmp_path / "leases").iterdir()) == []


def test_never_do_two_hold_the_same(tmp_path: Path) -> None:
    """Four processes snatch the same lease over and over: whoever has it is alone in the room, and all have it."""
    program = (
        "import os, random, sys, time\nfrom pathlib import Path\nfrom ingredients.store import Leases\n"
        "folder, had = Path(sys.argv[1]), 0\n"
        "with Leases(folder, beats=0.01) as leases:\n"
        "    end = time.monotonic() + 60\n"
        "    while had < 25 and time.monotonic() < end:\n"
        "        if leases.take(['x', sys.argv[2]]) is None:\n"
        "            os.close(os.open(folder / 'room', os.O_CREAT | os.O_EXCL))\n"
        "            time.sleep(0.001)\n"
        "            (folder / 'room').unlink()\n"
        "            leases.give_back(['x', sys.argv[2]])\n"
        "            had += 1\n"
        "        time.sleep(random.random() / 200)\n"
        "print(had)\n"
    )
    command = [sys.executable, "-c", program, str(tmp_path)]
    workers = [
        subprocess.Popen([*command, name], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for name in "abcd"
    ]
    assert [worker.communicate(timeout=120) for worker in workers] == [("25\n", "")] * 4


def test_a_process_that_is_gone_holds_nothing(tmp_path: Path) -> None:
    """Killed without a chance to give back, it is found out at once, though nobody has waited for it yet."""
    with Leases(tmp_path) as ours, another_at_work(tmp_path) as worker:
        (file,) = (path for path in (tmp_path / "leases").iterdir() if f'"number": {worker.pid}' in path.read_text())
        content = json.loads(file.read_text())
        worker.kill()
        while Path(f"/proc/{worker.pid}/stat").exists() and is_there(Process(**content["process"])):
            time.sleep(0.01)
        file.write_text(json.dumps({**content, "names": ["a"]}))
        assert ours.take(["a"]) is None
        assert not file.exists()


def test_a_number_that_went_to_another_process_is_nobody(tmp_path: Path) -> None:
    """The number of a process is given again after it; when it started tells the two apart."""
    earlier = replace(this_process(), began="1")
    left_behind(tmp_path, earlier, "a")
    assert is_there(this_process())
    if not Path("/proc/self/stat").exists():
        pytest.skip("this system does not tell when a process started")
    assert not is_there(earlier)
    with Leases(tmp_path) as ours:
        assert ours.take(["a"]) is None


def test_the_living_of_this_machine_may_be_silent(tmp_path: Path) -> None:
    """A process that was stopped (Ctrl-Z) gives no sign of life, and still has what it holds when it goes on."""
    path = left_behind(tmp_path, this_process(), "a")
    minutes = itertools.count()
    watch = Watch(tmp_path, death=60, clock=lambda: next(minutes) * 60.0)
    for _ in range(3):
        assert [holder.names for holder in watch.living()] == [{"a"}]
    assert path.exists()


def test_another_machine_is_dead_after_a_minute_without_a_sign(tmp_path: Path) -> None:
    """Only a count that stands still for a minute of our own clock is death; the file's times do not matter."""
    now = 1000.0
    watch = Watch(tmp_path, death=60, clock=lambda: now)
    for now, beat, alive in ((1000.0, 1, 1), (1059.0, 1, 1), (1060.5, 2, 1), (1119.0, 2, 1), (1121.0, 2, 0)):
        if alive:
            path = left_behind(tmp_path, ELSEWHERE, "a", beat=beat)
            os.utime(path, (0, 0))
        assert len(watch.living()) == alive, now
    assert not path.exists()


def test_a_sign_of_life_is_given_again_and_again(tmp_path: Path) -> None:
    """The count rises by itself, and what is held stays in the file."""
    with Leases(tmp_path, beats=0.02) as leases:
        leases.take(["a"])
        (file,) = (tmp_path / "leases").glob("*.json")
        before = json.loads(file.read_text())
        deadline = time.monotonic() + 30
        while (after := json.loads(file.read_text()))["beat"] < before["beat"] + 3:
            assert time.monotonic() < deadline
            time.sleep(0.01)
    assert after["names"] == ["a"]


def test_whether_anybody_is_at_work(tmp_path: Path) -> None:
    """Nobody; the living at once; another machine's once it has given a sign, and its dead in the end."""
    assert at_work(tmp_path) is None
    with Leases(tmp_path):
        assert at_work(tmp_path) == this_process()
    left_behind(tmp_path, ELSEWHERE)
    assert at_work(tmp_path, death=0.1) is None
    assert list((tmp_path / "leases").iterdir()) == []
    left_behind(tmp_path, ELSEWHERE)
    program = (
        "import sys, time, pathlib\npath = pathlib.Path(sys.argv[1])\n"
        "while True:\n    path.write_text(path.read_text().replace('\"beat\": 1', '\"beat\": 2'))\n"
        "    time.sleep(1)\n"
    )
    with subprocess.Popen([sys.executable, "-c", program, str(tmp_path / "leases" / "ab.json")]) as living:
        try:
            assert at_work(tmp_path, death=60) == ELSEWHERE
        finally:
            living.kill()


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"process": 3, "beat": 1, "names": []}', '{"beat": '])
def test_a_file_that_is_no_lease_holds_nothing(tmp_path: Path, content: str) -> None:
    """What nobody of us wrote is neither taken for a process nor removed."""
    (tmp_path / "leases").mkdir()
    (tmp_path / "leases" / "x.json").write_text(content)
    with Leases(tmp_path) as leases:
        assert leases.take(["a"]) is None
    assert (tmp_path / "leases" / "x.json").read_text() == content
