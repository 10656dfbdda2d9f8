"""The code of a folder: its own imports first, nobody else's changed, an edit always seen."""

from __future__ import annotations

import os
import random
import sys
from pathlib import Path

import pytest

from featurelens.worker.models.sources import importer


def folder(path: Path, **files: str) -> Path:
    """`files` by their names without ``.py``; two underscores part a folder from its file."""
    for name, code in files.items():
        file = path / f"{name.replace('__', '/', 1)}.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(code)
    return path


@pytest.mark.parametrize(
    "code",
    [
        "import helper\nfound = helper.VALUE",
        "import helper as other\nfound = other.VALUE",
        "from helper import VALUE as found",
        "from .helper import VALUE as found",
        "import nets.blocks\nfound = nets.blocks.VALUE",
        "from nets import blocks\nfound = blocks.VALUE",
        "from nets.blocks import VALUE as found",
        "import helper\nfrom deeper import found",
    ],
)
def test_every_way_to_import_what_lies_beside(code: str, tmp_path: Path) -> None:
    for name, value in (("one", 1), ("two", 2)):
        helper = f"VALUE = {value}"
        folder(
            tmp_path / name, model=code, helper=helper, nets__blocks=helper, deeper="from helper import VALUE as found"
        )
    assert importer.run(tmp_path / "one", "model.py").found == 1
    assert importer.run(tmp_path / "two", "model.py").found == 2
    assert importer.run(tmp_path / "one", "model.py").found == 1
    assert "helper" not in sys.modules


def test_an_import_inside_a_function_finds_the_same_file_later(tmp_path: Path) -> None:
    code = "def found():\n    import helper\n    return helper.VALUE"
    one, two = (
        importer.run(folder(tmp_path / str(value), model=code, helper=f"VALUE = {value}"), "model.py")
        for value in (1, 2)
    )
    assert (one.found(), two.found()) == (1, 2)


def test_an_edit_in_the_same_instant_is_seen(tmp_path: Path) -> None:
    folder(tmp_path, model="from helper import VALUE as found", helper="VALUE = 1")
    assert importer.run(tmp_path, "model.py").found == 1
    stat = (tmp_path / "helper.py").stat()
    before = importer.digest(tmp_path, "model.py")
    folder(tmp_path, helper="VALUE = 2")
    os.utime(tmp_path / "helper.py", ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert importer.run(tmp_path, "model.py").found == 2
    assert importer.digest(tmp_path, "model.py") != before


def test_a_file_called_like_a_module_takes_nobodys_place(tmp_path: Path) -> None:
    module = importer.run(
        folder(tmp_path, model="import random, json\nfound = random.VALUE", random="VALUE = 1"), "model.py"
    )
    assert module.found == 1
    assert random is sys.modules["random"]
    assert module.json is sys.modules["json"]


def test_a_folder_of_data_takes_nobodys_place_either(tmp_path: Path) -> None:
    (tmp_path / "json").mkdir()
    assert importer.run(folder(tmp_path, model="import json"), "model.py").json is sys.modules["json"]


def test_what_is_forgotten_leaves_nothing_behind(tmp_path: Path) -> None:
    module = importer.run(folder(tmp_path, model="import helper", helper=""), "model.py")
    package = module.__name__.partition(".")[0]
    assert f"{package}.helper" in sys.modules
    importer.forget(package)
    assert not [name for name in sys.modules if name.startswith(package)]
    before = set(sys.modules)
    with pytest.raises(ModuleNotFoundError):
        importer.run(folder(tmp_path, model="import helper, no_such_module"), "model.py")
    assert not [name for name in set(sys.modules) - before if name.startswith(importer.PREFIX)]


def test_the_digest_covers_what_can_be_imported(tmp_path: Path) -> None:
    folder(tmp_path, model="x = 1")
    digests = [importer.digest(tmp_path, "model.py")]
    for files in ({"helper": ""}, {"helper": "y = 2"}, {"nets__blocks": ""}, {"model": "x = 2"}):
        folder(tmp_path, **files)
        digests.append(importer.digest(tmp_path, "model.py"))
    assert len(set(digests)) == len(digests)
    (tmp_path / "notes.txt").write_text("nothing to run")
    folder(tmp_path, **{"not-a-name__x": "cannot be imported"})
    assert importer.digest(tmp_path, "model.py") == digests[-1]
