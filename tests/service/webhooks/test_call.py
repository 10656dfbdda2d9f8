"""One call, against a real server: where it goes, what it takes for an answer, how long it waits."""

from __future__ import annotations

import asyncio
import socket
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from featurelens.service.webhooks import call as calls
from featurelens.service.webhooks.allowed_hosts import Permitted
from featurelens.service.webhooks.call import Told, call
from tests.support.receiver import Receiver

HERE = Permitted(("http://127.0.0.1", "http://hooks.example.org"))


def told(url: str, permitted: Permitted = HERE) -> Told:
    return asyncio.run(call(permitted, url, b"{}", {"webhook-id": "msg_1"}))


def leads_to(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> list[str]:
    """Any name resolves to the first of `addresses`, asked again to the next; returns the names asked for."""
    asked: list[str] = []

    def answer(host: str, port: int, *_: Any, **__: Any) -> list[Any]:
        asked.append(host)
        there = addresses[min(len(asked), len(addresses)) - 1]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (there, port))]

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    return asked


@pytest.mark.parametrize(
    ("status", "delivered", "unwanted"),
    [(200, True, False), (204, True, False), (410, False, True), (500, False, False)],
)
def test_what_the_status_means(status: int, delivered: bool, unwanted: bool) -> None:
    with Receiver(status) as receiver:
        came = told(receiver.url("/a?b=c"))
    assert (came.status, came.delivered, came.unwanted) == (status, delivered, unwanted)
    (one,) = receiver.calls
    assert (one.path, one.body) == ("/a?b=c", b"{}")
    assert one.headers["webhook-id"] == "msg_1"
    assert one.headers["host"] == f"127.0.0.1:{receiver.port}"
    assert one.headers["content-type"] == "application/json"


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_redirects_are_not_followed(status: int) -> None:
    with Receiver(status) as receiver:
        assert told(receiver.url()) == Told(status, f"answered {status}")
    assert [one.path for one in receiver.calls] == ["/heard"]


def test_the_receiver_may_say_when_to_try_again() -> None:
    with Receiver(503) as receiver:
        assert told(receiver.url()).retry_after == 7


def test_nobody_there() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        came = told(f"http://127.0.0.1:{closed.getsockname()[1]}/")
    assert came.status is None
    assert "ConnectError" in came.reason


def test_an_answer_that_never_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calls, "SECONDS", 0.5)
    with Receiver(drips=True) as receiver:
        came = told(receiver.url())
    assert came == Told(None, "nothing within 0.5 s")


def test_a_name_that_leads_behind_the_firewall(monkeypatch: pytest.MonkeyPatch) -> None:
    with Receiver() as receiver:
        leads_to(monkeypatch, "127.0.0.1")
        came = told(receiver.url(host="hooks.example.org"), Permitted(("http://hooks.example.org",)))
    assert came.status is None
    assert "127.0.0.1" in came.reason
    assert receiver.calls == []


def test_a_name_is_resolved_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The second answer of a name that is rebound is never asked for."""
    with Receiver() as receiver:
        asked = leads_to(monkeypatch, "127.0.0.1", "10.255.255.1")
        assert told(receiver.url(host="hooks.example.org")).delivered
    assert asked == ["hooks.example.org"] or set(asked[1:]) == {"127.0.0.1"}
    assert receiver.calls[0].headers["host"] == f"hooks.example.org:{receiver.port}"


def test_no_proxy_of_the_environment_comes_in_between(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    with Receiver() as receiver:
        assert told(receiver.url()).delivered


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """What a server for hooks.example.org shows, whose certificate is trusted while the test runs."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("hooks.example.org")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file = tmp_path / "server.pem"
    file.write_bytes(private + certificate.public_bytes(pem))
    trusting = ssl.create_default_context(cadata=certificate.public_bytes(pem).decode())
    monkeypatch.setattr(calls, "_tls", lambda: trusting)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(file)
    return server


@pytest.mark.parametrize(("host", "good"), [("hooks.example.org", True), ("other.example.org", False)])
def test_tls_goes_by_the_name(
    authority: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch, host: str, good: bool
) -> None:
    """Though the connection goes to an address."""
    with Receiver(tls=authority) as receiver:
        leads_to(monkeypatch, "127.0.0.1")
        came = told(receiver.url(host=host), Permitted(("*.example.org", "127.0.0.1")))
    assert came.delivered == good, came
    assert good or "certificate" in came.reason.lower()
