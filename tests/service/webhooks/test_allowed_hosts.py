"""Who may be called back, by the text of an address and by where it leads."""

from __future__ import annotations

from ipaddress import ip_address

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from featurelens.jobs.errors import CallbackRefused
from featurelens.jobs.settings import Settings
from featurelens.service.webhooks.allowed_hosts import Permitted

PERMITTED = Permitted(("hooks.example.org", "*.example.com", "http://inside.lan", "10.0.0.0/8", "http://127.0.0.1"))


@pytest.mark.parametrize(
    "url",
    [
        "https://hooks.example.org/a?b=c",
        "https://HOOKS.example.org.:8443/",
        "https://a.b.example.com/",
        "http://inside.lan:8080/",
        "https://inside.lan/",
        "https://10.2.3.4/",
        "http://127.0.0.1:9000/x",
    ],
)
def test_what_is_listed(url: str) -> None:
    assert PERMITTED.checked(url).path


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://hooks.example.org/", "https only"),
        ("https://example.com/", "none of the hosts"),
        ("https://evil-example.com/", "none of the hosts"),
        ("https://example.org/", "none of the hosts"),
        ("https://hooks.example.org.evil.net/", "none of the hosts"),
        ("https://hooks.example.org@evil.net/", "https address"),
        ("https://me:secret@hooks.example.org/", "https address"),
        ("https://evil.net\\@hooks.example.org/", "."),
        ("https://11.0.0.1/", "none of the hosts"),
        ("https://167772161/", "none of the hosts"),
        ("https://0x7f.1/", "none of the hosts"),
        ("http://[::ffff:127.0.0.1]/", "none of the hosts"),
        ("ftp://hooks.example.org/", "https address"),
        ("file:///etc/passwd", "https address"),
        ("/v1", "https address"),
        ("https://", "https address"),
        ("https://hooks.example.org:99999/", "https address"),
        ("https://[", "none of the hosts"),
    ],
)
def test_what_is_not(url: str, why: str) -> None:
    with pytest.raises(CallbackRefused, match=why) as caught:
        PERMITTED.checked(url)
    assert caught.value.valid == (
        "hooks.example.org",
        "*.example.com",
        "http://inside.lan",
        "10.0.0.0/8",
        "http://127.0.0.1",
    )


def test_nobody_is_called_back_where_nobody_is_listed() -> None:
    with pytest.raises(CallbackRefused, match="lists no hosts"):
        Permitted(()).checked("https://hooks.example.org/")


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=80))
def test_any_text_is_refused_or_names_a_host_of_the_list(text: str) -> None:
    try:
        url = PERMITTED.checked(text)
    except CallbackRefused:
        return
    assert url.host


PRIVATE = [
    *(
        "127.0.0.2",
        "0.0.0.0",
        "169.254.169.254",
        "172.16.0.1",
        "192.168.1.1",
        "100.64.0.1",
        "224.0.0.1",
        "255.255.255.255",
    ),
    *("::", "::1", "fe80::1", "fd00::1", "ff02::1", "::ffff:192.168.1.1", "64:ff9b::c0a8:101", "2002:c0a8:101::"),
]


@pytest.mark.parametrize("address", PRIVATE)
def test_addresses_that_are_not_public(address: str) -> None:
    assert not PERMITTED.connects(ip_address(address))
    assert Permitted(("*.example.com", address)).connects(ip_address(address)), "unless it is listed itself"


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "64:ff9b::808:808", "10.1.1.1", "127.0.0.1"])
def test_addresses_that_are_or_that_are_listed(address: str) -> None:
    assert PERMITTED.connects(ip_address(address))


@pytest.mark.parametrize(
    "hosts", ["https://a.example", "a b", "*", "*.", "a.example/path", "a.example:80", "10.0.0.1/8"]
)
def test_a_list_that_makes_no_sense(hosts: str) -> None:
    with pytest.raises(ValidationError, match="neither a host nor a network"):
        Settings(webhook_hosts=hosts)
