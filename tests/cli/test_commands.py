"""Commands against a service whose pictures are all red."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from featurelens.cli import failures
from featurelens.cli.app import main
from featurelens.cli.failures import DONE, FAILED, INTERRUPTED, NOBODY, NONSENSE
from featurelens.client import Client, Job, Visualization
from featurelens.client.errors import NotAllowed, OverQuota, TimedOut, Unreachable
from featurelens.jobs.catalog.catalog import Catalog
from featurelens.jobs.errors import InvalidSpec, NotFound, RenderFailed
from featurelens.jobs.settings import settings
from featurelens.jobs.store.file_store import FileStore
from tests.support.pictured import pictured
from tests.support.served import served
from tests.support.server import Server

UNIT = "tinynet/conv2:3"
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """Runs a command in an empty folder: exit status, standard output, standard error."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    for name in ("FEATURELENS_URL", "FEATURELENS_API_KEY", "REDIS_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("FEATURELENS_STATE", str(tmp_path / "own"))
    settings.cache_clear()

    def run(*arguments: str) -> tuple[int, str, str]:
        status = main(arguments)
        printed = capsys.readouterr()
        return status, printed.out, printed.err

    yield run
    settings.cache_clear()


@pytest.fixture
def asked(run: Run, service: Server, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The same, by the service."""
    monkeypatch.setenv("FEATURELENS_URL", service.url)
    return run


def test_a_picture(asked: Run) -> None:
    status, out, err = asked("render", UNIT, "--steps", "4", "-o", "red.png")
    assert (status, out) == (DONE, "red.png\n")
    assert Path("red.png").read_bytes().startswith(b"\x89PNG")
    assert "\r" not in err  # no bar where nobody looks
    status, out, _ = asked("render", UNIT, "--steps", "4", "--sign", "negative", "--size", "48x64", "--json")
    told = json.loads(out)
    assert out.count("\n") == 1
    assert told["file"] == "conv2-3-negative.png"
    assert (told["spec"]["sign"], told["spec"]["size"], told["spec"]["steps"]) == ("negative", [48, 64], 4)
    assert Path(told["file"]).exists()


def test_any_field_can_be_set(asked: Run) -> None:
    fields = ("objective.type=neuron", "objective.x=2", "optimizer.learning_rate=0.1", "snapshots=[0,1]")
    _, out, _ = asked("render", UNIT, "--json", "--steps", "3", *(part for one in fields for part in ("--set", one)))
    spec = json.loads(out)["spec"]
    assert (spec["objective"]["type"], spec["objective"]["x"]) == ("neuron", 2)
    assert (spec["optimizer"]["learning_rate"], spec["snapshots"]) == (0.1, [0, 1])
    for nonsense in ("steps", "=3", "steps.more=3"):
        assert asked("render", UNIT, "--steps", "3", "--set", nonsense)[0] == NONSENSE


def test_many_pictures(asked: Run) -> None:
    status, out, _ = asked("sweep", "tinynet/conv1:0-2", "--steps", "2", "-o", "deep/folder")
    assert status == DONE
    names = [f"deep/folder/conv1-{channel}-positive.png" for channel in range(3)]
    assert out.splitlines() == names
    assert all(Path(name).exists() for name in names)
    both = ("--sign", "positive", "--sign", "negative")
    _, out, _ = asked("sweep", "tinynet/conv1:1", *both, "--steps", "2", "--json")
    assert [json.loads(line)["spec"]["sign"] for line in out.splitlines()] == ["positive", "negative"]
    assert asked("sweep", "tinynet/conv1")[0] == NONSENSE


def test_a_layer_that_opens_without_a_server(asked: Run) -> None:
    status, out, _ = asked("export", "tinynet/conv1", "-o", "page", "--steps", "2", "--channels", "0-2")
    assert (status, out) == (DONE, "page/index.html\n")
    page = Path("page/index.html").read_text()
    units = [json.loads(Path(f"page/units/{channel}.json").read_text()) for channel in range(3)]
    for unit in units:
        file = unit["pictures"]["positive"]["file"]
        assert Path("page", file).exists()
        assert page.count(f'src="{file}"') == 1
        assert unit["pictures"]["positive"]["params"]["channel"] == unit["channel"]
    assert "http" not in page.replace("http-equiv", "")
    told = json.loads(asked("export", "tinynet/conv1", "-o", "all", "--steps", "2", "--json")[1])
    assert told == {"page": "all/index.html", "units": 8, "failed": 0}
    assert asked("export", "tinynet", "-o", "x")[0] == NONSENSE


def test_what_there_is(asked: Run) -> None:
    _, out, _ = asked("models", "list")
    assert out == "bundled:tinynet@sha256-0123456789ab  here  tinynet\n"
    assert json.loads(asked("models", "list", "--json")[1])[0]["aliases"] == ["tinynet"]
    _, out, _ = asked("layers", "tinynet")
    assert [line.split()[0] for line in out.splitlines()] == ["layer", "conv1", "conv2", "logits"]
    assert [one["channels"] for one in json.loads(asked("layers", "tinynet", "--json")[1])] == [8, 16, 10]
    assert asked("layers", "tinynet", "--recommended", "--json")[1] == "[]\n"


def test_jobs(asked: Run, service: Server) -> None:
    with Client(service.url) as client:
        key = client.submit(UNIT, steps=2).key
    status, out, _ = asked("jobs", "watch", key[:14])
    assert (status, out) == (DONE, f"{service.url}/v1/visualizations/{key}/image\n")
    _, out, _ = asked("jobs", "ls", "--status", "succeeded")
    assert out.splitlines()[1].startswith(f"{key[:12]}  succeeded  bundled:tinynet/conv2:3 positive")
    assert [job["key"] for job in json.loads(asked("jobs", "ls", "--json")[1])] == [key]
    assert asked("jobs", "ls", "--kind", "activations")[0] == DONE
    status, _, err = asked("jobs", "cancel", key)
    assert (status, "ended" in err) == (FAILED, True)
    assert asked("jobs", "watch", "fv1_0000000")[0] == NONSENSE
    status, _, err = asked("jobs", "ls", "--kind", "scones")
    assert (status, "activations, maps" in err) == (NONSENSE, True)


def test_sorted_jobs_tell_what_they_are_sorted_by(asked: Run, redis: Redis, tmp_path: Path) -> None:
    for channel, value in ((1, 2.5), (2, 0.25)):
        pictured(redis, FileStore(tmp_path / "state" / "results"), channel, value)
    told = asked("jobs", "ls", "--sort", "activation")[1].splitlines()
    assert [line.split()[-1] for line in told] == ["activation", "2.5", "0.25"]
    told = asked("jobs", "ls", "--sort", "activation", "--order", "ascending")[1].splitlines()
    assert [line.split()[-1] for line in told[1:]] == ["0.25", "2.5"]
    assert asked("jobs", "ls", "--sort", "ratio", "--dataset", "nothing")[0] == NONSENSE


@pytest.mark.parametrize(
    ("arguments", "nearest", "command"),
    [
        (("render", "tinnynet/conv2:3"), "tinynet", "models list"),
        (("render", "tinynet/conv:3"), "conv2", "layers bundled:tinynet"),
        (("layers", "tinnynet"), "tinynet", "models list"),
        (("sweep", "tinynet/konv1:0-3"), "conv1", "layers bundled:tinynet"),
        (("export", "tinynet/konv1", "-o", "x"), "conv1", "layers bundled:tinynet"),
    ],
)
def test_unknown_names_are_answered_with_the_nearest(
    asked: Run, arguments: tuple[str, ...], nearest: str, command: str
) -> None:
    status, out, err = asked(*arguments)
    assert (status, out) == (NONSENSE, "")
    assert f"nearest: {nearest}" in err
    assert f"all of them: featurelens {command}" in err
    assert "/v1/" not in err


def test_a_misspelt_command_is_answered_with_the_nearest(run: Run) -> None:
    status, _, err = run("rendr")
    assert (status, "Did you mean 'render'?" in err) == (NONSENSE, True)
    assert run("render", "--stepps", "3")[0] == NONSENSE
    assert run("render")[0] == NONSENSE
    assert run("render", UNIT, "--size", "large", "--url", "http://127.0.0.1:1")[0] == NONSENSE


def test_help_is_there(run: Run) -> None:
    for flag in ("-h", "--help"):
        status, out, _ = run(flag)
        assert status == DONE
        assert "130 stopped by Ctrl-C" in out
    assert run("--version")[1].count(".") == 2


def test_nobody_there(run: Run) -> None:
    status, out, err = run("jobs", "ls", "--url", "http://127.0.0.1:1/")
    assert (status, out) == (NOBODY, "")
    assert "no answer from http://127.0.0.1:1" in err
    assert "FEATURELENS_URL" in err


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (InvalidSpec("x"), NONSENSE),
        (NotFound("x"), NONSENSE),
        (NotAllowed("x"), NONSENSE),
        (Unreachable("x"), NOBODY),
        (OverQuota("x"), NOBODY),
        (TimedOut("x", "k"), NOBODY),
        (failures.Missing("x"), NOBODY),
        (RenderFailed("x"), FAILED),
        (OSError("x"), FAILED),
    ],
    ids=lambda value: type(value).__name__,
)
def test_exit_status(error: Exception, status: int) -> None:
    assert failures.status_of(error) == status
    assert failures.lines_of(error)[0] == "x"


def test_what_takes_too_long_and_what_is_interrupted(
    run: Run, redis: Redis, broker: str, catalog: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with served(redis, broker, tmp_path / "state", works=False) as server:
        monkeypatch.setenv("FEATURELENS_URL", server.url)
        status, _, err = run("render", UNIT, "--timeout", "0.3")
        assert (status, "featurelens jobs watch fv1_" in err) == (NOBODY, True)

        def interrupted(*_: Any) -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr(Job, "wait", interrupted)
        assert run("render", "tinynet/conv2:4")[0] == INTERRUPTED
        with Client(server.url) as client:
            listed = client.jobs()
        assert [(job["channel"], job["status"]) for job in listed] == [(4, "cancelled"), (3, "queued")]


@pytest.mark.parametrize(
    "command",
    [("sweep", "tinynet/conv2:3-4"), ("export", "tinynet/conv2", "--channels", "3-4")],
    ids=lambda one: one[0],
)
def test_who_is_interrupted_while_a_file_is_written_waits_for_no_more(
    run: Run,
    redis: Redis,
    broker: str,
    catalog: Catalog,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    command: tuple[str, ...],
) -> None:
    with served(redis, broker, tmp_path / "state") as server, Client(server.url) as client:
        client.visualize(UNIT)

    def interrupted(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Visualization, "save", interrupted)
    with served(redis, broker, tmp_path / "state", works=False) as server:
        monkeypatch.setenv("FEATURELENS_URL", server.url)
        assert run(*command, "-o", "out")[0] == INTERRUPTED
        with Client(server.url) as client:
            listed = client.jobs()
    assert [(job["channel"], job["status"]) for job in listed] == [(4, "cancelled"), (3, "succeeded")]


def test_how_a_picture_was_made_is_not_in_every_file(run: Run) -> None:
    Path("not.png").write_bytes(b"no picture")
    status, _, err = run("params", "not.png")
    assert (status, "says nothing" in err) == (NONSENSE, True)
    assert run("params", "none.png")[0] == FAILED


def test_keys(run: Run) -> None:
    status, key, err = run("keys", "create", "--scope", "render", "--note", "lab")
    assert (status, key.startswith("fl_")) == (DONE, True)
    assert key.strip() not in err
    (held,) = json.loads(run("keys", "list", "--json")[1])
    assert (held["id"], held["scope"], held["note"]) == (key.split("_")[1], "render", "lab")
    assert "sha256" not in held
    assert run("keys", "list")[1].split()[:2] == [held["id"], "render"]
    status, _, err = run("keys", "revoke", "nobody")
    assert (status, held["id"] in err) == (NONSENSE, True)
    assert run("keys", "revoke", held["id"])[0] == DONE
    assert run("keys", "list")[1] == ""
    assert run("keys", "create", "--scope", "god")[0] == NONSENSE


@pytest.mark.parametrize(("command", "part"), [("serve", "all"), ("service", "service"), ("worker", "worker")])
def test_serving_becomes_the_launcher(run: Run, command: str, part: str, monkeypatch: pytest.MonkeyPatch) -> None:
    became: list[list[str]] = []
    monkeypatch.setattr(os, "execv", lambda _, command: became.append(command))
    monkeypatch.setattr(os, "environ", dict(os.environ))
    more = [] if command == "worker" else ["--port", "8123"]
    assert run(command, "--state", "/srv/lens", *more)[0] == DONE
    assert became == [[sys.executable, "-P", "-m", "featurelens.launcher", part]]
    assert os.environ["FEATURELENS_STATE"] == "/srv/lens"
    assert os.environ.get("PORT") == (None if command == "worker" else "8123") or "PORT" in os.environ


def test_what_is_not_installed_is_named(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "featurelens.worker.in_process", None)
    for arguments in (("render", "patternnet/logits:1"), ("layers", "patternnet")):
        with pytest.raises(ModuleNotFoundError):  # a module of ours that is missing is no matter of extras
            main(arguments)
    monkeypatch.delitem(sys.modules, "featurelens.worker.in_process")
    monkeypatch.setitem(sys.modules, "pydantic_settings", None)
    monkeypatch.delitem(sys.modules, "featurelens.jobs.settings")
    status, _, err = run("keys", "list")
    assert (status, "pip install 'featurelens[" in err) == (NOBODY, True)
