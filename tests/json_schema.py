"""JSON Schema, draft 4, as far as the schemas in tests/schemas go: everything else in a schema is an error."""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

TYPES: dict[str, type | tuple[type, ...]] = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "null": type(None),
}
SAYS_NOTHING = {"$schema", "id", "title", "description", "default", "definitions"}


def faults(schema: Any, value: Any) -> list[str]:
    """Everything in a document that its schema does not allow, each with its place."""
    return list(_faults(schema, value, schema, "$"))


def _faults(schema: Any, value: Any, root: Any, at: str) -> Iterator[str]:
    if "$ref" in schema:
        target = root
        for step in schema["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        yield from _faults(target, value, root, at)
        return
    for keyword, wanted in schema.items():
        yield from _fault(keyword, wanted, schema, value, root, at)


def _fault(keyword: str, wanted: Any, schema: Any, value: Any, root: Any, at: str) -> Iterator[str]:
    match keyword:
        case "type":
            names = [wanted] if isinstance(wanted, str) else wanted
            truth = isinstance(value, bool)  # which Python counts among the integers
            if not any(isinstance(value, TYPES[name]) and (name == "boolean" or not truth) for name in names):
                yield f"{at} is no {wanted}"
        case "enum":
            if value not in wanted:
                yield f"{at}: {value!r} is none of {wanted}"
        case "pattern":
            if isinstance(value, str) and not re.search(wanted, value):
                yield f"{at}: {value!r} does not match {wanted}"
        case "format":
            if isinstance(value, str) and not _has_format(wanted, value):
                yield f"{at}: {value!r} is no {wanted}"
        case "minimum" | "maximum":
            if isinstance(value, int | float) and (value < wanted if keyword == "minimum" else value > wanted):
                yield f"{at}: {value} is beyond the {keyword} of {wanted}"
        case "minItems":
            if isinstance(value, list) and len(value) < wanted:
                yield f"{at} has fewer than {wanted} items"
        case "uniqueItems":
            if wanted and isinstance(value, list) and any(item in value[:n] for n, item in enumerate(value)):
                yield f"{at} has an item twice"
        case "items":
            for number, item in enumerate(value if isinstance(value, list) else []):
                yield from _faults(wanted, item, root, f"{at}[{number}]")
        case "required":
            yield from (f"{at}.{key} is missing" for key in wanted if isinstance(value, dict) and key not in value)
        case "properties":
            for key in wanted.keys() & (value if isinstance(value, dict) else {}):
                yield from _faults(wanted[key], value[key], root, f"{at}.{key}")
        case "additionalProperties":
            for key in (value if isinstance(value, dict) else {}).keys() - schema.get("properties", {}).keys():
                if wanted is False:
                    yield f"{at}.{key} is not known"
                elif isinstance(wanted, dict):
                    yield from _faults(wanted, value[key], root, f"{at}.{key}")
        case "anyOf" | "oneOf":
            met = sum(not list(_faults(one, value, root, at)) for one in wanted)
            if met == 0 or (keyword == "oneOf" and met > 1):
                yield f"{at} meets {met} of the alternatives {wanted}"
        case _:
            if keyword not in SAYS_NOTHING:
                raise NotImplementedError(keyword)


def _has_format(name: str, value: str) -> bool:
    match name:
        case "uri":
            return bool(urlsplit(value).scheme) and re.fullmatch(r"[!-~]+", value) is not None
        case "uri-reference":
            return re.fullmatch(r"[!-~]*", value) is not None
        case "date-time":
            return re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", value) is not None
        case _:
            raise NotImplementedError(name)
