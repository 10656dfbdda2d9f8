"""Certificates made for a test, and TLS in front of a server that speaks none, as the embedded Valkey."""

from __future__ import annotations

import socket
import ssl
import threading
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from socketserver import BaseRequestHandler, ThreadingTCPServer

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.x509.oid import NameOID

from tests.support.background import Background


class Authority:
    """Signs certificates for 127.0.0.1; all files lie in `folder`."""

    def __init__(self, folder: Path, name: str = "ca") -> None:
        self._folder = folder
        self._name = _named(name)
        self._key = generate_private_key(SECP256R1())
        self.file = self._written(name, self._key, self._signed(self._name, self._key, 1, ca=True))

    def certificate(self, name: str, days: int = 1) -> Path:
        """A file of certificate and key, expired when `days` are negative."""
        key = generate_private_key(SECP256R1())
        return self._written(name, key, self._signed(_named(name), key, days, ca=False))

    def _signed(self, name: x509.Name, key: EllipticCurvePrivateKey, days: int, *, ca: bool) -> x509.Certificate:
        now = datetime.now(UTC)
        made = x509.CertificateBuilder().subject_name(name).issuer_name(self._name).public_key(key.public_key())
        made = made.serial_number(x509.random_serial_number())
        made = made.not_valid_before(now - timedelta(days=3)).not_valid_after(now + timedelta(days=days))
        made = made.add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        names = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
        return made.add_extension(names, critical=False).sign(self._key, hashes.SHA256())

    def _written(self, name: str, key: EllipticCurvePrivateKey, certificate: x509.Certificate) -> Path:
        file = self._folder / f"{name}.pem"
        form, plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        private = key.private_bytes(serialization.Encoding.PEM, form, plain)
        file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM) + private)
        return file


class _Handler(BaseRequestHandler):
    server: TlsFront

    def handle(self) -> None:
        behind = ("127.0.0.1", self.server.behind)
        with (
            suppress(OSError),
            self.server.context.wrap_socket(self.request, server_side=True) as outer,
            socket.create_connection(behind) as inner,
        ):
            back = threading.Thread(target=_pass_on, args=(inner, outer), daemon=True)
            back.start()
            _pass_on(outer, inner)
            back.join()


class TlsFront(Background, ThreadingTCPServer):
    """Listens at a free `port` of 127.0.0.1 and passes on to the port `behind`; with `clients`, asks for theirs."""

    daemon_threads = True

    def __init__(self, behind: int, certificate: Path, clients: Path | None = None) -> None:
        self.behind = behind
        self.context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=clients)
        self.context.load_cert_chain(certificate)
        if clients is not None:
            self.context.verify_mode = ssl.CERT_REQUIRED
        super().__init__(("127.0.0.1", 0), _Handler)
        self.port = int(self.server_address[1])


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while told := source.recv(1 << 16):
            target.sendall(told)
        target.shutdown(socket.SHUT_WR)
