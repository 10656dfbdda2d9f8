"""The address of the broker, as ``REDIS_URL`` gives it: of a server, or of sentinels that know the present master.

A server's is redis-py's: ``redis://``, ``rediss://`` (TLS) or ``unix://``. The one of sentinels is a form that several
projects share, ``redis+sentinel://user:password@host:26379,host2:26379/mymaster/0``: user, password, database and
options are the server's, ``sentinel_username`` and ``sentinel_password`` among these the sentinels' own.
``rediss+sentinel://`` is TLS with servers and sentinels, by the same ``ssl_...`` options.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from redis import RedisError
from redis.connection import Connection, SSLConnection, parse_url

PORT = 26379
"""Of a sentinel whose port is not named."""

_FORM = re.compile(
    r"(?P<scheme>rediss?)\+sentinel://((?P<user>[^/?#]*)@)?(?P<members>[^/?#@]+)/(?P<master>[^/?#]+)"
    r"(/(?P<database>\d+))?/?(\?(?P<options>.*))?",
    re.IGNORECASE,
)
_MEMBER = re.compile(r"(\[(?P<v6>[0-9a-fA-F:.]+)\]|(?P<host>[^:\[\]]+))(:(?P<port>\d{1,5}))?")
_FILES = ("ssl_ca_certs", "ssl_certfile", "ssl_keyfile")


@dataclass(frozen=True)
class Sentinels:
    """Where they are, the name of the master they watch, and options of connections to servers and to themselves."""

    members: tuple[tuple[str, int], ...]
    master: str
    options: dict[str, Any]
    own: dict[str, Any]


def sentinels(url: str) -> Sentinels | None:
    """Those that `url` names; None: it names a server. Raises ValueError for what is no address of sentinels."""
    if "+sentinel:" not in url.partition("/")[0].lower():
        return None
    form = _FORM.fullmatch(url)
    if form is None:
        raise ValueError("redis+sentinel://host:26379,host2:26379/mymaster/0 is the form")
    tls = form["scheme"].lower() == "rediss"
    user = f"{form['user']}@" if form["user"] else ""
    options = _parsed(f"redis://{user}server/{form['database'] or 0}?{form['options'] or ''}")
    del options["host"]
    own = {name: options.pop(f"sentinel_{name}") for name in ("username", "password") if f"sentinel_{name}" in options}
    if tls:
        options["ssl"] = True
        own |= {name: value for name, value in options.items() if name.startswith("ssl")}
    return Sentinels(tuple(map(_member, form["members"].split(","))), form["master"], options, own)


def check(url: str) -> None:
    """Raises ValueError with the reason why `url` is no address of a broker; the reason holds no password."""
    known = sentinels(url)
    options = _parsed(url) if known is None else dict(known.options)
    for name in _FILES:
        if name in options and not Path(options[name]).is_file():
            raise ValueError(f"{name} is no file: {options[name]}")
    tls = options.pop("ssl", False)
    kind = options.pop("connection_class", SSLConnection if tls else Connection)
    options.pop("max_connections", None)
    try:
        kind(**options)
    except TypeError as error:
        option = re.search(r"argument '(\w+)'", str(error))
        raise ValueError(f"no option {option[1]}" if option else "its options do not fit") from None
    except RedisError as error:
        raise ValueError(str(error)) from None


def _parsed(url: str) -> dict[str, Any]:
    return dict(parse_url(url))  # type: ignore[no-untyped-call]


def _member(text: str) -> tuple[str, int]:
    found = _MEMBER.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"{text} is no sentinel; host:26379 would be one")
    return found["v6"] or found["host"], int(found["port"] or PORT)
