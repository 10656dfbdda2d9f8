"""What is started by Compose, Kubernetes and systemd: valid, hardened, and with settings and files that there are."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from featurelens.jobs.kinds.base import QUEUES
from featurelens.jobs.settings import Settings
from tests.support.paths import ROOT

DEPLOY = ROOT / "deploy"
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
KUBERNETES = DEPLOY / "kubernetes"
MANIFESTS = sorted(path for path in KUBERNETES.rglob("*.yaml") if path.name != "kustomization.yaml")
UNIT = DEPLOY / "systemd" / "featurelens.service"
SCHEMAS = "1.34"
services = pytest.mark.parametrize("name", sorted(COMPOSE["services"]))


def documents(path: Path) -> list[dict[str, Any]]:
    return [one for one in yaml.safe_load_all(path.read_text()) if one]


def objects() -> Iterator[tuple[str, dict[str, Any]]]:
    """Everything that Kubernetes itself knows, whole; the patch for a card as it comes out."""
    for path in MANIFESTS:
        for one in documents(path):
            if path.parent.name == "cuda":
                (base,) = documents(KUBERNETES / "base" / path.name)
                yield f"cuda {path.name}", merged(base, one)
            elif not one["apiVersion"].startswith("keda.sh/"):
                yield f"{one['kind']} {one['metadata']['name']}", one


def merged(base: Any, patch: Any) -> Any:
    """As kustomize does it: lists of what has a name by the name, all other lists replaced."""
    if isinstance(base, dict) and isinstance(patch, dict):
        return {name: merged(base.get(name), patch.get(name, base.get(name))) for name in base | patch}
    if isinstance(base, list) and isinstance(patch, list) and all("name" in one for one in base + patch):
        found = {one["name"]: one for one in base}
        found |= {one["name"]: merged(found.get(one["name"]), one) for one in patch}
        return list(found.values())
    return patch


OBJECTS = list(objects())
SCALED: list[dict[str, Any]] = [one["spec"] for one in documents(KUBERNETES / "keda" / "scaling.yaml")]


def test_settings_exist() -> None:
    told = [ROOT / "docker-compose.yml", ROOT / "Dockerfile", UNIT, *MANIFESTS, *(DEPLOY / "nginx").iterdir()]
    names = {name for path in told for name in re.findall(r"FEATURELENS_([A-Z_]+)", path.read_text())}
    assert {name.lower() for name in names} <= Settings.model_fields.keys()


@pytest.mark.parametrize(("_name", "one"), OBJECTS, ids=[name for name, _ in OBJECTS])
def test_kubernetes_takes_it(_name: str, one: dict[str, Any]) -> None:
    kubernetes_validate.validate(one, SCHEMAS, strict=True)


@pytest.mark.parametrize("path", sorted(KUBERNETES.rglob("kustomization.yaml")), ids=lambda path: path.parent.name)
def test_a_kustomization_names_files_that_there_are(path: Path) -> None:
    (told,) = documents(path)
    there = [*told["resources"], *(patch["path"] for patch in told.get("patches", ()))]
    assert all((path.parent / name).exists() for name in there)
    beside = {one.name for one in path.parent.glob("*.yaml")} - {path.name}
    assert beside <= set(there)


def test_what_is_scaled_is_there() -> None:
    known = {(one["apiVersion"], one["kind"], one["metadata"]["name"]) for _, one in OBJECTS}
    for spec in SCALED:
        target = spec["scaleTargetRef"]
        assert (target["apiVersion"], target["kind"], target["name"]) in known
        assert 1 <= spec["minReplicaCount"] < spec["maxReplicaCount"]


def test_scaling_asks_what_is_told() -> None:
    """Of every queue, as none may wait for ever; the metrics are those of a service (see test_monitoring)."""
    queries = [trigger["metadata"]["query"] for spec in SCALED for trigger in spec["triggers"]]
    text = " ".join(queries)
    assert set(re.findall(r'queue="([^"]*)"', text)) == set(QUEUES)
    assert all(float(trigger["metadata"]["threshold"]) > 0 for spec in SCALED for trigger in spec["triggers"])


def test_what_is_scaled_shares_no_state_folder() -> None:
    """A second worker on one is refused; what all share is the store, and the keys that services ask for."""
    known = {(one["kind"], one["metadata"]["name"]): one for _, one in OBJECTS}
    shared = {name for kind, name in known if kind == "PersistentVolumeClaim"}
    for spec in SCALED:
        told = known[spec["scaleTargetRef"]["kind"], spec["scaleTargetRef"]["name"]]["spec"]
        pod = told["template"]["spec"]
        (container,) = pod["containers"]
        settings = {one["name"]: one.get("value") for one in container["env"]}
        at = {mount["mountPath"]: mount["name"] for mount in container["volumeMounts"]}
        own = {volume["name"] for volume in pod["volumes"] if "emptyDir" in volume}
        own |= {claim["metadata"]["name"] for claim in told.get("volumeClaimTemplates", ())}
        common = {volume["name"] for volume in pod["volumes"] if volume["name"] in shared}
        assert at["/state"] in own
        assert at[settings["FEATURELENS_RESULTS"]] in common
        if "FEATURELENS_AUTH" in settings:
            folder = str(Path(settings["FEATURELENS_KEYS"]).parent)
            assert next(volume for volume in pod["volumes"] if volume["name"] == at[folder])["secret"]


@pytest.mark.parametrize(("_name", "one"), OBJECTS, ids=[name for name, _ in OBJECTS])
def test_pods_may_do_little(_name: str, one: dict[str, Any]) -> None:
    """What the profile `restricted` of Kubernetes asks for, a root that nobody writes, and limits."""
    pod = one.get("spec", {}).get("template", {}).get("spec")
    if pod is None:
        return
    assert pod["securityContext"]["runAsNonRoot"]
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert pod["automountServiceAccountToken"] is False
    volumes = {volume["name"] for volume in pod.get("volumes", ())}
    volumes |= {claim["metadata"]["name"] for claim in one["spec"].get("volumeClaimTemplates", ())}
    for container in pod["containers"]:
        context = container["securityContext"]
        assert context["capabilities"] == {"drop": ["ALL"]}
        assert context["readOnlyRootFilesystem"]
        assert context["allowPrivilegeEscalation"] is False
        assert container["resources"]["limits"]["memory"]
        assert container["readinessProbe"]
        assert {mount["name"] for mount in container["volumeMounts"]} <= volumes


@services
def test_containers_may_do_little(name: str) -> None:
    service = COMPOSE["services"][name]
    assert service["read_only"]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["deploy"]["resources"]["limits"]["memory"]
    assert "healthcheck" in service or service["build"]["target"] in {"service", "worker"}  # theirs is in the image
    assert all(port.startswith("127.0.0.1:") for port in service.get("ports", ()))


@services
def test_volumes_of_containers_are_there(name: str) -> None:
    for volume in COMPOSE["services"][name].get("volumes", ()):
        source = volume.split(":")[0]
        made = source in {"./models", "./datasets"}  # the operator's, made where they are missing
        assert made or ((ROOT / source).exists() if source.startswith(".") else source in COMPOSE["volumes"]), source


def test_profiles() -> None:
    by_profile = {name: one.get("profiles") for name, one in COMPOSE["services"].items()}
    assert by_profile.pop("valkey") is by_profile.pop("service") is None
    assert {profile for (profile,) in by_profile.values()} == {"cpu", "cuda", "monitoring", "proxy"}


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not here")
def test_systemd_takes_it(tmp_path: Path) -> None:
    unit = tmp_path / UNIT.name
    unit.write_text(UNIT.read_text().replace("/opt/featurelens/bin/python", sys.executable))
    done = subprocess.run(["systemd-analyze", "verify", unit], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_lock_without_cuda_is_the_lock_but_for_torch() -> None:
    whole, cpu = (_locked(f"requirements{which}.lock") for which in ("", "-cpu"))
    missing = whole.keys() - cpu.keys()
    assert all(re.match(r"(torch|torchvision|triton|nvidia-.+|cuda-.+)$", name) for name in missing)
    assert {"torch", "torchvision"} < missing
    assert all(whole[name] == content for name, content in cpu.items())
    told = dict(line.split("==") for line in (ROOT / "requirements-cpu-torch.txt").read_text().splitlines())
    assert told == {name: re.match(r"==(\S+)", whole[name])[1] + "+cpu" for name in ("torch", "torchvision")}  # type: ignore[index]


def _locked(name: str) -> dict[str, str]:
    """What a lock says of each package: its version, where it is needed, its digests."""
    text = re.sub(r"(?m)^ *#.*\n", "", (ROOT / name).read_text())
    found = re.findall(r"(?ms)^([a-z0-9_.-]+)(==.*?)(?=^[a-z0-9_.-]+==|\Z)", text)
    return {package: content.strip() for package, content in found}
