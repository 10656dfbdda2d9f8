"""The examples on the help pages, run as they stand, and pictures made without a service."""

from __future__ import annotations

import json
import os
import shlex
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from featurelens.cli.app import app, main
from featurelens.cli.failures import DONE
from featurelens.client import Client
from featurelens.jobs.settings import settings
from tests.support.kept_logging import kept_logging
from tests.support.stack import Stack


def examples(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, str]]:
    """(command, example) of all commands below `command`, in the order of the help page."""
    for name, one in getattr(command, "commands", {}).items():
        yield from examples(one, (*path, name))
    title, *lines = (command.epilog or "").split("\n\n")
    if title == "Examples:":
        yield from ((" ".join(path), line) for line in lines)


EXAMPLES = list(examples(typer.main.get_command(app)))


@pytest.fixture
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty folder, and no service that the environment names. What commands configure is undone."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FEATURELENS_STATE", str(tmp_path / "own"))
    for name in ("FEATURELENS_URL", "FEATURELENS_API_KEY", "REDIS_URL"):
        monkeypatch.delenv(name, raising=False)
    settings.cache_clear()
    with kept_logging():
        yield tmp_path
    settings.cache_clear()


def test_every_command_has_an_example() -> None:
    assert {command for command, _ in EXAMPLES} == {
        *(
            "render",
            "sweep",
            "activations",
            "scan",
            "export",
            "params",
            "layers",
            "serve",
            "service",
            "worker",
            "doctor",
        ),
        *(
            "models list",
            "models check",
            "jobs ls",
            "jobs watch",
            "jobs cancel",
            "keys create",
            "keys list",
            "keys revoke",
        ),
    }
    for command, example in EXAMPLES:
        assert shlex.split(example)[: len(command.split()) + 1] == ["featurelens", *command.split()]


def test_the_examples(
    alone: Path, stack: Stack, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    url = f"http://127.0.0.1:{stack.port}"
    monkeypatch.setenv("FEATURELENS_URL", url)
    monkeypatch.setattr(os, "execv", lambda *_: None)  # serving, which the stack has begun with
    monkeypatch.setattr(os, "environ", dict(os.environ))
    with Client(url) as client:
        for command, example in EXAMPLES:
            arguments = shlex.split(example)[1:]
            if "KEY" in arguments:
                steps = 4096 if command == "jobs cancel" else 2
                key = client.submit("patternnet/conv4:3", steps=steps, seed=int.from_bytes(os.urandom(3))).key
                arguments = [key if one == "KEY" else one for one in arguments]
            if command == "keys revoke":
                main(["keys", "list", "--json"])
                arguments[-1] = json.loads(capsys.readouterr().out)[0]["id"]
            assert main(arguments) == DONE, (example, capsys.readouterr())
            printed = capsys.readouterr().out
            if "--json" in arguments:
                assert [json.loads(line) for line in printed.splitlines()], example
    for made in ("out.png", "other.png", "pictures/conv4-3-positive.png", "classes/index.html", "both/units/1.json"):
        assert (alone / made).exists()


def test_without_a_service_it_is_the_same_picture(
    alone: Path, stack: Stack, capsys: pytest.CaptureFixture[str]
) -> None:
    spec = ("patternnet/logits:10", "--steps", "12", "--size", "64")
    assert main(["render", *spec, "-o", "here.png"]) == DONE
    assert main(["render", *spec, "-o", "there.png", "--url", f"http://127.0.0.1:{stack.port}"]) == DONE
    assert (alone / "here.png").read_bytes() == (alone / "there.png").read_bytes()
    assert not (alone / "own" / "results").exists()
    capsys.readouterr()


def test_without_a_service_commands_answer_as_with_one(
    alone: Path, stack: Stack, capsys: pytest.CaptureFixture[str]
) -> None:
    def both(*arguments: str) -> tuple[str, str]:
        texts = []
        for more in ((), ("--url", f"http://127.0.0.1:{stack.port}")):
            assert main([*arguments, *more]) == DONE, capsys.readouterr()
            texts.append(capsys.readouterr().out)
        return texts[0], texts[1]

    here, there = both("layers", "patternnet")
    assert here == there
    here, there = both("sweep", "patternnet/conv4:0-2", "--steps", "4", "--size", "64", "-o", "swept")
    assert sorted(here.splitlines()) == there.splitlines()
    here, there = both(
        "activations", "swept/conv4-0-positive.png", "-m", "patternnet", "--layer", "conv4", "--units", "3"
    )
    assert here == there
    for arguments in (
        ["render", "patternet/logits:1"],
        ["render", "patternnet/logit:1"],
        ["sweep", "patternnet/x:0-3"],
    ):
        assert main(arguments) == 2
        assert "nearest: " in capsys.readouterr().err


def test_a_layer_exported_without_a_service(alone: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ("--channels", "9-10", "--steps", "2", "--size", "48")
    assert main(["export", "patternnet/logits", "-o", "page", *arguments]) == DONE
    page = (alone / "page" / "index.html").read_text()
    assert "<b>10</b> rings" in page
    assert json.loads((alone / "page" / "units" / "10.json").read_text())["label"] == "rings"
    capsys.readouterr()


def test_serving_is_the_launcher(alone: Path) -> None:
    """What it says and its exit status are the launcher's: here, that it will not start."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        command = (sys.executable, "-P", "-m", "featurelens", "serve", "--port", str(port), "--state", str(alone / "s"))
        answer = subprocess.run(command, capture_output=True, text=True, check=False, timeout=90)
    assert answer.returncode == 2
    assert f"port {port} on 127.0.0.1 is taken" in answer.stderr
