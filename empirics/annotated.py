"""A text as a value of the type that an annotation gives, and the types in an annotation.

Annotations are text everywhere here, and are read as such: some of the names in them exist for type
checkers alone.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Mapping
from typing import Any, Literal, TypeAlias, get_args, get_origin

Names: TypeAlias = Mapping[str, Any]  # of the module in which a constructor is written

ARRAYS = ("ArrayLike", "NDArray", "Array", "Delays")  # of numbers
LISTS = ("Sequence", "Iterable", "tuple", "list")
PLAIN = {"None": "none", "bool": "true or false", "int": "a whole number", "float": "a number"}
TEXT = ("str", "Path", "PathLike")


class OtherTypeError(Exception):
    """The text is not of a type; the words say of which."""


def read(text: str, type_: str, names: Names) -> Any:
    """A text as this type, or the plainest there is; raises OtherTypeError if it is not one.

    >>> read("1e3", "int", {}), read("yes", "bool", {}), read("0.5", "Any", {})
    (1000, True, 0.5)
    >>> read("0.5", "int", {})
    Traceback (most recent call last):
    empirics.annotated.OtherTypeError: a whole number
    """
    head = type_.partition("[")[0]
    named = names.get(type_)
    choices = get_args(named) if get_origin(named) is Literal else ()
    if head == "Literal":
        choices = ast.literal_eval(type_.removeprefix("Literal"))
    if choices:
        if text in choices:
            return text
        raise OtherTypeError(f"one of {', '.join(choices)}")
    if head in TEXT:
        if text:
            return text
        raise OtherTypeError("a word")
    if head in PLAIN:
        value = _word(text, head)
        if value is _NOTHING:
            raise OtherTypeError(PLAIN[head])
        return value
    return next((v for t in PLAIN if (v := _word(text, t)) is not _NOTHING), text)


def types_of(parameter: inspect.Parameter) -> list[str]:
    """The types that a parameter may be of; annotations are text everywhere here."""
    if parameter.annotation is parameter.empty:
        return ["Any"]
    annotation = parameter.annotation
    return members(annotation if isinstance(annotation, str) else annotation.__name__)


def members(annotation: str) -> list[str]:
    """The members of a union, the narrow ones first: a number is no text unless it must be."""

    def width(member: str) -> int:
        if member in PLAIN:
            return list(PLAIN).index(member)
        return 9 if member.partition("[")[0] in TEXT else 5

    return sorted(split(annotation, "|"), key=width)


def elements(type_: str) -> list[str]:
    """What a list of this type is a list of."""
    inner = type_.partition("[")[2].removesuffix("]")
    return members(split(inner)[0] or "Any")


def is_many(type_: str) -> bool:
    return type_.partition("[")[0] in (*LISTS, *ARRAYS)


def bare(text: str) -> str:
    """Without the brackets around the whole of it."""
    return text[1:-1].strip() if text.startswith("[") and text.endswith("]") else text


def split(text: str, mark: str = ",") -> list[str]:
    """The parts of a text between marks that are in no brackets."""
    parts, depth = [""], 0
    for letter in text:
        depth += (letter == "[") - (letter == "]")
        if letter == mark and depth == 0:
            parts.append("")
        else:
            parts[-1] += letter
    if depth:
        raise ValueError(f"a specification needs as many [ as ], got {text!r}")
    return [part.strip() for part in parts]


_NOTHING = object()


def _word(text: str, type_: str) -> Any:
    """A text as one of the plain types, _NOTHING if it is not one."""
    word = text.lower()
    if type_ == "None":
        return None if word == "none" else _NOTHING
    if type_ == "bool":
        return {"true": True, "yes": True, "false": False, "no": False}.get(word, _NOTHING)
    value = number(text)
    if value is None or type_ == "float":
        return _NOTHING if value is None else value
    try:
        return int(text)
    except ValueError:
        return int(value) if value.is_integer() else _NOTHING  # 1e4 is a whole number too


def number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
