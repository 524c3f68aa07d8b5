"""Set-Cookie without what it sets (RFC 6265 section 5.2): a session's value is nobody's business here."""

from __future__ import annotations

from everyhop.model.sighting import Cookie


def without_value(header: str) -> str:
    """`session=8f3a…; Secure; Path=/` → `session; Secure; Path=/`. Without `=` all of it is value, and goes."""
    pair, semicolon, attributes = header.partition(";")
    name, equals, _ = pair.partition("=")
    return (name.strip() if equals else "") + semicolon + attributes


def read(product: str, shown: str) -> Cookie:
    """The cookie in a text from `without_value`; attribute names know no case."""
    name, *attributes = (part.strip() for part in shown.split(";"))
    names = {attribute.partition("=")[0].strip().lower() for attribute in attributes}
    return Cookie(product, name, secure="secure" in names, http_only="httponly" in names)
