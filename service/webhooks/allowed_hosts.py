"""Whom the operator lets be told: hosts by name, and addresses that are not of the public Internet one by one.

A name on the list says nothing about where it leads: what it resolves to is looked at each time
(`Permitted.connects`), so that no name can be pointed at a machine behind the firewall. Only an address or network on
the list opens that.
"""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from typing import NamedTuple

import httpx

from featurelens.jobs.errors import CallbackRefused
from featurelens.jobs.webhook_settings import PLAIN

HEADER = "Featurelens-Callback"

LONGEST = 2000
"""Characters of an address."""

Address = IPv4Address | IPv6Address

_NAT64 = IPv6Network("64:ff9b::/96")
"""RFC 6052: the last 32 bits are an address of IPv4."""


class _Entry(NamedTuple):
    host: str
    """A name, `*.` and a name, an address or a network."""
    plain: bool
    """Whether HTTP without TLS will do."""

    def names(self, host: str) -> bool:
        if self.host.startswith("*."):
            return host.endswith(self.host[1:])
        return host == self.host or self.contains(literal(host))

    def contains(self, address: Address | None) -> bool:
        try:
            return address is not None and address in ip_network(self.host)
        except ValueError:
            return False


class Permitted:
    """`listed` as the setting has it: ``hooks.example.org``, ``*.example.org``, ``http://10.1.2.3``, ``10.0.0.0/8``."""

    def __init__(self, listed: Sequence[str]) -> None:
        self._listed = listed
        self._entries = [_Entry(one.removeprefix(PLAIN).lower(), one.startswith(PLAIN)) for one in listed]

    def __bool__(self) -> bool:
        return bool(self._entries)

    def checked(self, url: str) -> httpx.URL:
        """Where it leads, as far as its text tells. Raises `CallbackRefused`, which says what would do."""
        if not self:
            raise self._refused("this service calls nobody back: its operator lists no hosts for it")
        try:
            parsed = httpx.URL(url)
        except (httpx.InvalidURL, ValueError):
            raise self._refused(
                f"{url[:80]!r} is no address; https://hooks.example.org/featurelens would be one"
            ) from None
        host = host_of(parsed)
        if parsed.scheme not in {"http", "https"} or not host or parsed.userinfo or (parsed.port or 1) > 65535:
            raise self._refused(
                "a callback is an https address, https://hooks.example.org/featurelens, without a name and a password"
            )
        allowing = [entry for entry in self._entries if entry.names(host)]
        if not allowing:
            raise self._refused(f"{host} is none of the hosts that the operator lists")
        if parsed.scheme == "http" and not any(entry.plain for entry in allowing):
            raise self._refused(f"{host} is called back by https only")
        return parsed

    def connects(self, address: Address) -> bool:
        """Whether a connection may go there: to the public Internet, or where the list names the address."""
        inner = _embedded(address)
        return (inner.is_global and not inner.is_multicast) or any(
            entry.contains(one) for one in (address, inner) for entry in self._entries
        )

    def _refused(self, detail: str) -> CallbackRefused:
        return CallbackRefused.at(HEADER, detail, self._listed)


def host_of(url: httpx.URL) -> str:
    """As names are compared: in lower case, in the letters of DNS, without a dot at the end."""
    return url.raw_host.decode("ascii").lower().rstrip(".")


def literal(host: str) -> Address | None:
    """The address that a host is written as; None: it is a name."""
    try:
        return ip_address(host)
    except ValueError:
        return None


def _embedded(address: Address) -> Address:
    """The address of IPv4 that one of IPv6 leads to, where it does."""
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    teredo = address.teredo
    return address.ipv4_mapped or address.sixtofour or (teredo[1] if teredo else address)
