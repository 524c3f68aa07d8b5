"""Settings for a posture: the edits that put one site behind TLS and leave everything else as it is.

nginx's `add_header` and `proxy_set_header` are inherited all or nothing: one of them in a block drops those around
it. So a line that has to hold everywhere is added to every block that has lines of its kind, and where a first one is
added, those that it would drop are written again beside it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import timedelta

from everyhop.dialects.nginx.site import Site, listens, redirects_to_https, servers, takes_tls
from everyhop.dialects.nginx.syntax import Directive, parse
from everyhop.errors import SettingsError, SourceError
from everyhop.model.posture import Assurance, ClientAuth, Floor, Posture

Edit = tuple[int, int, str]
_HSTS = "Strict-Transport-Security"
_PROTO = "X-Forwarded-Proto"  # its value is nginx's own $scheme: a request cannot say it
_DEPTH = "2"  # an intermediate, and the cross-certified root of a roll-over; by default nginx takes one certificate
_VERIFY = {ClientAuth.REQUIRED: "on", ClientAuth.OPTIONAL: "optional"}


def write(text: str, site: Site, posture: Posture) -> str:
    """The whole text with this site at `posture`: TLS, and a redirect for plain HTTP unless that is to be served too.

    Client authentication that is there stays, if `posture` asks for none. Raises `SettingsError` for a posture that
    no nginx listener can have, `SourceError` where the site is not to be found.
    """
    _refuse_impossible(posture, site)
    root = parse(text)
    blocks = servers(root, site.name)
    serving = [block for block in blocks if not redirects_to_https(block)]
    if len(serving) != 1:
        hint = "server_name decides what a site is; everyhop changes it where exactly one block serves it"
        raise SourceError(f"{len(serving)} server blocks serve {site.name}", hint=hint)
    block = serving[0]
    edits = [*_settings(text, block, site, posture), *_pinned(blocks, site)]
    edits += everywhere(text, block, "proxy_set_header", _PROTO, "$scheme", _proxying(block))
    if site.hsts and posture.assurance is Assurance.ENCRYPTED:
        edits += with_hsts(text, block, site.hsts)
    plain = [listen for listen in listens(block) if not takes_tls(listen)]
    if plain and posture.assurance is Assurance.ENCRYPTED:
        edits.append((block.start, block.start, redirecting(text, block, plain, site.origin)))
    return _edited(text, edits)


def _settings(text: str, block: Directive, site: Site, posture: Posture) -> Iterator[Edit]:
    """The `listen` lines and the directives of `server` itself."""
    found = listens(block)
    if not found:
        raise SourceError("the server block has no listen on the network", line=block.line)
    plain = [listen for listen in found if not takes_tls(listen)]
    first, indent = found[0], _indent(text, found[0])
    lines = []
    if len(plain) == len(found):
        lines.append(f"listen {site.listen} ssl;")
    keep = posture.assurance is Assurance.OPPORTUNISTIC
    for name, value in _wanted(site, posture).items():
        existing = block.own(name)
        if existing:
            yield existing[0].start, existing[0].end, f"{name} {value};"
            for repeated in existing[1:]:
                yield (*whole_line(text, repeated), "")
        else:
            lines.append(f"{name} {value};")
    if keep or first not in plain:
        yield below(text, first, lines)
    else:
        yield first.start, first.end, f"\n{indent}".join(lines)
    for listen in plain if not keep else ():
        if listen is not first:
            yield (*whole_line(text, listen), "")


def versions(floor: Floor) -> str:
    """What `ssl_protocols` is set to for a floor."""
    return " ".join(one.word for one in Floor if one >= floor and one.word)


def with_hsts(text: str, block: Directive, age: timedelta) -> Iterator[Edit]:
    """Strict-Transport-Security with every answer of a `server` block."""
    value = f'"max-age={int(age.total_seconds())}" always'
    return everywhere(text, block, "add_header", _HSTS, value, [block])


def _wanted(site: Site, posture: Posture) -> dict[str, str]:
    wanted = {
        "ssl_certificate": quoted(site.certificate),
        "ssl_certificate_key": quoted(site.key),
        # Named, because nginx before 1.23.4 does not offer TLS 1.3 by itself.
        "ssl_protocols": versions(posture.floor),
        "ssl_prefer_server_ciphers": "off",
        # Tickets let a session of one vhost resume in another; their keys are never replaced before 1.23.2.
        "ssl_session_tickets": "off",
    }
    if site.suites:
        wanted["ssl_ciphers"] = ":".join(site.suites)
    if site.client_anchors is not None:
        wanted["ssl_client_certificate"] = quoted(site.client_anchors)
        wanted["ssl_verify_client"] = _VERIFY[posture.client_auth]
        wanted["ssl_verify_depth"] = _DEPTH
    if site.client_crl is not None:
        wanted["ssl_crl"] = quoted(site.client_crl)
    return wanted


def _pinned(blocks: Iterable[Directive], site: Site) -> Iterator[Edit]:
    """A redirect that is there already leads where we say, not where the request's Host says, and keeps the method."""
    for block in blocks:
        if redirects_to_https(block):
            answer = block.own("return")[0]
            yield answer.start, answer.end, _return(site.origin)


def _proxying(block: Directive) -> list[Directive]:
    return [child.parent for child in block.walk() if child.name == "proxy_pass" and child.parent is not None]


def everywhere(
    text: str, block: Directive, name: str, header: str, value: str, wanted: list[Directive]
) -> Iterator[Edit]:
    """`name header value;` at every level whose lines of this name decide for one of the blocks `wanted`, and below."""
    levels = {id(level): level for level in (_deciding(each, block, name) for each in wanted)}
    if wanted:
        levels |= {id(d.parent): d.parent for d in block.walk() if d.name == name and d.parent is not None}
    for level in levels.values():
        own = [d for d in level.own(name) if d.arguments]
        same = [d for d in own if d.arguments[0].lower() == header.lower()]
        line = f"{name} {header} {value};"
        for index, existing in enumerate(same):
            yield (existing.start, existing.end, line) if index == 0 else (*whole_line(text, existing), "")
        if not same:
            dropped = (
                []
                if own
                else [d for d in level.effective(name) if d.arguments and d.arguments[0].lower() != header.lower()]
            )
            lines = [*(text[d.start : d.end] for d in dropped), line]
            anchor = own[-1] if own else (level.own("listen") or level.own("proxy_pass") or level.body)[-1]
            yield below(text, anchor, lines)


def _deciding(level: Directive, block: Directive, name: str) -> Directive:
    """The innermost block from `level` out to `block` that has such lines, else `block`."""
    current: Directive | None = level
    while current is not None and current is not block:
        if current.own(name):
            return current
        current = current.parent
    return block


def redirecting(text: str, block: Directive, plain: list[Directive], origin: str) -> str:
    """A `server` block that takes over the listens `plain` of another one, and sends browsers to `origin`."""
    outer = _indent(text, block)
    inner = outer + "    "
    lines = [text[listen.start : listen.end] for listen in plain]
    lines += [text[d.start : d.end] for d in block.own("server_name")]
    body = "".join(f"{inner}{line}\n" for line in [*lines, _return(origin)])
    return f"server {{\n{body}{outer}}}\n\n{outer}"


def _return(origin: str) -> str:
    return f"return 308 {origin}$request_uri;"


def below(text: str, directive: Directive, lines: list[str]) -> Edit:
    """An insertion below a directive, and below the comment that may stand behind it."""
    indent = _indent(text, directive)
    end = text.find("\n", directive.end)
    end = len(text) if end < 0 else end
    rest = text[directive.end : end].strip()
    position = end if not rest or rest.startswith("#") else directive.end
    return position, position, "".join(f"\n{indent}{line}" for line in lines)


def whole_line(text: str, directive: Directive) -> tuple[int, int]:
    """The directive with its line, if it has that to itself."""
    start = text.rfind("\n", 0, directive.start) + 1
    end = text.find("\n", directive.end)
    alone = not text[start : directive.start].strip() and end >= 0 and not text[directive.end : end].strip()
    return (start, end + 1) if alone else (directive.start, directive.end)


def _indent(text: str, directive: Directive) -> str:
    """The blanks before a directive; four more than its line has, where it shares the line."""
    before = text[text.rfind("\n", 0, directive.start) + 1 : directive.start]
    if not before.strip():
        return before
    return before[: len(before) - len(before.lstrip())] + "    "


def quoted(path: str) -> str:
    """A path as one word. Raises `SettingsError` for one that nginx cannot be given."""
    if any(ord(character) < 32 or character in "$\"'\\" for character in path):
        raise SettingsError("nginx cannot be given a path with quotes, backslashes, dollars or control characters")
    return f'"{path}"' if re.search(r"[\s;{}#]", path) else path


def _edited(text: str, edits: list[Edit]) -> str:
    order = sorted(enumerate(edits), key=lambda item: (item[1][0], item[1][1], item[0]), reverse=True)
    for _, (start, end, words) in order:
        text = text[:start] + words + text[end:]
    return text


def _refuse_impossible(posture: Posture, site: Site) -> None:
    if posture.assurance not in {Assurance.OPPORTUNISTIC, Assurance.ENCRYPTED}:
        raise SettingsError(
            f"everyhop does not make a web site {posture.assurance.word}",
            hint="a listener can be opportunistic or encrypted; the dialer alone verifies",
        )
    if posture.floor is Floor.NONE:
        raise SettingsError("a web site needs a floor", hint="TLSv1.2 is what every browser in use speaks")
    if (site.client_anchors is None) != (posture.client_auth is ClientAuth.ABSENT):
        raise SettingsError("client certificates need the anchors that they are held against, and only they do")
    if site.client_crl is not None and site.client_anchors is None:
        raise SettingsError("a revocation list is of use only where client certificates are asked for")
