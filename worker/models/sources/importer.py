"""Imports the Python code of one folder as a package of its own, anew each time, and forgets it on request.

``import helper`` in the folder's code finds the folder's ``helper.py`` first, then what is installed. Nobody outside
sees it: two folders with a ``helper.py`` each have their own, and a ``random.py`` takes nobody's place.
"""

from __future__ import annotations

import builtins
import hashlib
import itertools
import json
import sys
from collections.abc import Iterator, Sequence
from importlib import import_module
from importlib.abc import FileLoader, MetaPathFinder, SourceLoader
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

PREFIX = "featurelens_local_"
_numbers = itertools.count()


def digest(folder: Path, main: str) -> str:
    """sha256 in hex of all code that `main`, a file of `folder`, may import from there; of `main` where that is all.

    Raises OSError.
    """
    files = {path.relative_to(folder).as_posix(): _sha256(path) for path in (folder / main, *_sources(folder))}
    return files[main] if len(files) == 1 else hashlib.sha256(json.dumps(files, sort_keys=True).encode()).hexdigest()


def run(folder: Path, main: str) -> ModuleType:
    """The module that `main`, a file of `folder`, makes. Raises whatever the code raises."""
    if _FINDER not in sys.meta_path:
        sys.meta_path.insert(0, _FINDER)
    package = f"{PREFIX}{next(_numbers)}"
    spec = ModuleSpec(package, None, is_package=True)
    spec.submodule_search_locations = [str(folder)]
    sys.modules[package] = module_from_spec(spec)
    try:
        return import_module(f"{package}.{Path(main).stem}")
    except BaseException:
        forget(package)
        raise


def forget(package: str) -> None:
    """Takes the modules of `package`, to which a module that `run` has made belongs, out of ``sys.modules``."""
    for name in [name for name in list(sys.modules) if name == package or name.startswith(f"{package}.")]:
        sys.modules.pop(name, None)


def _sources(folder: Path) -> Iterator[Path]:
    """The files whose names can be imported."""
    for path in sorted(folder.iterdir()):
        if path.suffix == ".py" and path.is_file():
            yield path
        elif path.name.isidentifier() and path.name != "__pycache__" and path.is_dir() and not path.is_symlink():
            yield from _sources(path)


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


class _Loader(FileLoader, SourceLoader):  # type: ignore[misc]  # typeshed disagrees with itself on `path`
    """Reads the source each time: bytecode on disk knows a file by second and size, and an edit may keep both."""

    def exec_module(self, module: ModuleType) -> None:
        package = module.__name__.partition(".")[0]
        folder = Path(sys.modules[package].__path__[0])
        # Functions look `__import__` up in the builtins of their module, also when they run much later.
        vars(module)["__builtins__"] = {**vars(builtins), "__import__": _importing(package, folder)}
        super().exec_module(module)


class _Finder(MetaPathFinder):
    """Finds the modules of the packages that `run` makes."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if not fullname.startswith(PREFIX) or path is None:
            return None
        found = PathFinder.find_spec(fullname, path)
        if found is None or found.origin is None or not found.origin.endswith(".py"):
            return found
        inside = found.submodule_search_locations
        return spec_from_file_location(
            fullname, found.origin, loader=_Loader(fullname, found.origin), submodule_search_locations=inside
        )


_FINDER = _Finder()


def _importing(package: str, folder: Path) -> Any:
    """``__import__`` that looks into `folder` first, whose modules belong to `package`."""

    def own_import(
        name: str, namespace: Any = None, local: Any = None, fromlist: Sequence[str] | None = (), level: int = 0
    ) -> ModuleType:
        top = name.partition(".")[0]
        if level or not _has(folder, top):
            return builtins.__import__(name, namespace, local, fromlist or (), level)
        found = builtins.__import__(f"{package}.{name}", namespace, local, fromlist or (), 0)
        return found if fromlist else sys.modules[f"{package}.{top}"]

    return own_import


def _has(folder: Path, name: str) -> bool:
    """Whether `name` can be imported from `folder`; one without ``__init__.py`` where nothing else is called so."""
    if (folder / f"{name}.py").is_file() or (folder / name / "__init__.py").is_file():
        return True
    return (folder / name).is_dir() and name not in sys.modules and find_spec(name) is None
