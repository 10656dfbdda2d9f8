"""Slots that are forked are the launcher's children like any other, and depend on nothing but the launcher."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Collection, Iterator
from pathlib import Path

import pytest

from featurelens.jobs.queue.deaths import STRUCK
from featurelens.launcher import fork_server
from featurelens.launcher.children import python
from featurelens.launcher.fork_server import HELLO, ForkServer
from featurelens.launcher.process import Forked
from featurelens.launcher.role import Role
from tests.support.paths import ROOT
from tests.support.processes import Process, environment_of, processes
from tests.support.wait import until

if sys.platform != "linux":
    pytest.skip("only Linux lets processes adopt others", allow_module_level=True)

SLOT, SERVER = " -m featurelens.worker.slot ", " -m featurelens.worker.slot.fork_server "
WITHIN = 90.0
"""Seconds, on a machine with much else to do."""
NOBODY = "REDIS_URL=redis://127.0.0.1:1"


class Family:
    """`tests.support.forking`. A context manager; ends with everything it has started."""

    def __init__(
        self, folder: Path, count: int = 2, patience: float = 60, answer: float = 20, command: tuple[str, ...] = ()
    ) -> None:
        self._folder = folder
        self.log = folder / "slots.log"
        told = (str(self.log), *map(str, (count, patience, answer)), *command)
        line = (sys.executable, "-m", "tests.support.forking", *told)
        environment = os.environ | {"FEATURELENS_STATE": str(folder)}
        self._said = folder / "said"
        with self._said.open("wb") as output:
            self.process = subprocess.Popen(line, cwd=ROOT, env=environment, stdout=output)

    def __enter__(self) -> Family:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()

    @property
    def said(self) -> str:
        return self._said.read_text()

    def ended(self) -> str:
        """What it has said, once it has been asked to end and has left nothing."""
        self.process.terminate()
        assert self.process.wait(20) == 0
        assert processes(self._folder) == []
        return self.said

    def _with(self, part: str) -> list[Process]:
        """Children that run this; a moment after it has been forked a slot still has its server's name."""
        mine = (one for one in processes(self._folder) if one.parent == self.process.pid)
        return [one for one in mine if part in f"{one.command} "]

    @property
    def slots(self) -> set[int]:
        return {one.pid for one in self._with(SLOT)}

    @property
    def forked(self) -> set[int]:
        """Slots that have been told their setting after they were forked."""
        return {slot for slot in self.slots if NOBODY not in environment_of(slot)}

    @property
    def server(self) -> int:
        (server,) = until(lambda: self._with(SERVER), WITHIN, "a fork server")
        return server.pid

    def complete(self, slots: int = 3, but: Collection[int] = ()) -> set[int]:
        """Waits until there are a server and as many slots, none of `but`; returns the slots."""
        until(
            lambda: len(self.slots) == slots and not self.slots.intersection(but) and len(self._with(SERVER)) == 1,
            WITHIN,
            "all",
        )
        return self.slots


@pytest.fixture(scope="module")
def family(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Family]:
    """Complete, and awake."""
    with Family(tmp_path_factory.mktemp("family")) as family:
        family.complete()
        until(lambda: family.log.read_text().count("waiting for the broker") == 3, WITHIN, "all awake")
        yield family
        assert "without the fork server" not in family.ended()


def _told(pid: int, name: str) -> str:
    return Path(f"/proc/{pid}/{name}").read_text()


def test_a_forked_slot_is_as_one_that_was_started(family: Family) -> None:
    """By its parent, process group, command line, what it reads and writes, and its environment."""
    for slot in family.slots:
        assert os.getpgid(slot) == slot
        assert Path(f"/proc/{slot}/fd/0").resolve() == Path(os.devnull)
        assert all(Path(f"/proc/{slot}/fd/{number}").resolve() == family.log for number in (1, 2))
    commands = sorted(tuple(_told(slot, "cmdline").strip("\0").split("\0")) for slot in family.slots)
    names = ("featurelens", "featurelens", "featurelens-sweep")
    assert commands == [python("featurelens.worker.slot", name) for name in names]
    assert family.log.read_text().count("127.0.0.1:1") >= 3, "their own setting, told in their log"


def test_a_server_shares_nothing_but_memory(family: Family) -> None:
    """One thread, and no open file but its ends."""
    server = Path(f"/proc/{family.server}")
    assert len(list((server / "task").iterdir())) == 1
    assert {one.name for one in (server / "fd").iterdir()} == {"0", "1", "2"}


def test_most_of_it_is_in_memory_once(family: Family) -> None:
    for slot in family.slots:
        lines = (line.split() for line in _told(slot, "smaps_rollup").splitlines()[1:])
        kilobytes = {name: int(number) for name, number, *_ in lines}
        assert kilobytes["Private_Dirty:"] + kilobytes["Private_Clean:"] < kilobytes["Rss:"] / 2


@pytest.mark.parametrize(
    ("number", "told"),
    [
        (signal.SIGKILL, "was killed (SIGKILL)"),
        (signal.SIGTERM, "ended (exit status 0)"),
        (signal.SIGSEGV, f"ended (exit status {STRUCK})"),
    ],
)
def test_how_a_slot_ended_is_told_and_it_is_forked_again(family: Family, number: signal.Signals, told: str) -> None:
    before, awake = family.slots, family.log.read_text().count("waiting for the broker")
    victim = min(before)
    os.kill(victim, number)
    assert len(family.complete(but={victim}) & before) == 2
    until(lambda: family.log.read_text().count("waiting for the broker") > awake, WITHIN, "awake")
    assert f"{told}; starting it again" in family.said


def test_no_slot_notices_the_end_of_the_server(family: Family) -> None:
    """One that is to be forked meanwhile waits for the next server."""
    server, before = family.server, family.slots
    os.kill(server, signal.SIGKILL)
    os.kill(min(before), signal.SIGKILL)
    after = family.complete(but={min(before)})
    assert family.server != server
    assert len(after & before) == 2
    time.sleep(1)
    assert family.slots == after
    assert "fork server was killed (SIGKILL); starting it again" in family.said


def test_a_server_that_hangs_is_replaced_and_meanwhile_done_without(tmp_path: Path) -> None:
    """Of two slots that end meanwhile, and are there again, one is forked by the next server."""
    with Family(tmp_path, answer=4) as family:
        before, server = sorted(family.complete()), family.server
        assert family.forked == set(before)
        os.kill(server, signal.SIGSTOP)
        for slot in before[:2]:
            os.kill(slot, signal.SIGKILL)
            time.sleep(0.5)  # the first one waits for its server while the second one ends
        after = family.complete(but=before[:2])
        until(lambda: family.server != server, WITHIN, "another server")
        assert family.slots == after, "nobody takes the end of the one before for that of the next one"
        assert before[2] in after
        said = family.ended()
    assert sum("slot" in line and "starting it again" in line for line in said.splitlines()) == 2
    assert "is started without the fork server, which does not answer" in said
    assert "fork server does not answer any more; killed" in said


def test_without_a_server_that_works_there_are_slots(tmp_path: Path) -> None:
    with Family(tmp_path, patience=1, command=("false",)) as family:
        until(lambda: len(family.slots) == 3, WITHIN, "slots")
        said = family.ended()
    assert said.count("without the fork server") == 3
    assert "fork server ended (exit status 1) before it was ready" in said


@pytest.mark.parametrize("moment", ["starting", "forking", "hanging", "complete"])
def test_nothing_is_left_of_a_launcher_that_is_killed(tmp_path: Path, moment: str) -> None:
    with Family(tmp_path, count=4) as family:
        until(lambda: len(processes(tmp_path)) > 1, WITHIN, "a server")
        if moment != "starting":
            until(lambda: family.slots, WITHIN, "a first slot")
        if moment == "hanging":
            os.kill(family.server, signal.SIGSTOP)
        if moment == "complete":
            family.complete(5)
        family.process.kill()
        family.process.wait()
        until(lambda: processes(tmp_path) == [], 10, "no process left")


class Played:
    """A fork server in the hands of a test: it says that it is there, then what it is told to."""

    def __init__(self, server: ForkServer) -> None:
        assert server.role.stdin is not None
        self.end = server.role.stdin()
        self.end.settimeout(5)
        self.end.send(HELLO)

    async def answer(self, answer: bytes) -> None:
        await asyncio.to_thread(self.end.recv, 1 << 16)
        self.end.send(answer)


async def _nobody(_: int) -> bool:
    return True


ROLE = Role("slot", ("python", "-m", "featurelens.worker.slot"), _nobody)


async def _over(server: ForkServer, played: Played) -> None:
    played.end.close()
    assert server.role.hangs is not None
    assert await server.role.hangs(0)


def _forking(server: ForkServer) -> asyncio.Task[Forked]:
    return asyncio.create_task(server.fork(ROLE, None))


def test_it_forks_or_tells_why_not() -> None:
    asyncio.run(_forks_or_tells_why_not())


async def _forks_or_tells_why_not() -> None:
    server = ForkServer(None)
    played = Played(server)
    assert await server.role.ready(0)
    for answer in (b"4711", b"[Errno 11] Resource temporarily unavailable", b"4712"):
        forking = _forking(server)
        await played.answer(answer)
        if answer.isdigit():
            assert (await forking).pid == int(answer)
        else:
            with pytest.raises(OSError, match="temporarily unavailable"):
                await forking
    assert not server.busy
    await _over(server, played)


def test_nobody_takes_an_answer_that_comes_late_for_his(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever has waited for too long, or for nothing, hangs up; the next server is asked."""
    monkeypatch.setattr(fork_server, "ANSWER_WITHIN", 0.2)
    asyncio.run(_late())


async def _late() -> None:
    server = ForkServer(None)
    late = Played(server)
    assert await server.role.ready(0)
    with pytest.raises(TimeoutError):
        await server.fork(ROLE, None)
    with pytest.raises(BrokenPipeError):
        await late.answer(b"1")
    await _over(server, late)

    stopped = Played(server)
    assert await server.role.ready(0)
    forking = _forking(server)
    await asyncio.sleep(0.05)
    assert server.busy
    forking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await forking
    with pytest.raises(BrokenPipeError):
        await stopped.answer(b"2")
    await _over(server, stopped)

    forking = _forking(server)
    good = Played(server)
    assert await server.role.ready(0)
    await good.answer(b"3")
    assert (await forking).pid == 3
    await _over(server, good)


def test_one_that_ends_is_waited_for_but_not_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fork_server, "PATIENCE", 2.0)
    asyncio.run(_ends_again_and_again())


async def _ends_again_and_again() -> None:
    server = ForkServer(None)
    forking = _forking(server)
    for _ in range(fork_server.TRIES):
        played = Played(server)
        assert await server.role.ready(0)
        await asyncio.to_thread(played.end.recv, 1 << 16)
        played.end.close()
        await asyncio.sleep(0.05)
    with pytest.raises(TimeoutError):
        await forking
