"""A small language for one line: `geometric:mean=3,tau_max=20` is the call of a constructor.

    NAME                            uniform, if it needs nothing more
    NAME:value                      constant:4, the first parameter
    NAME:key=value,key=value        geometric:mean=3,tau_max=20
    NAME:value,value                cyclic:0,1,2, where a parameter takes many, else the next one
    NAME:key=[NAME:key=value,...]   one within another, in brackets if there is a comma in it

Names and keys may be written with - for _. Everything else is read off the constructors: which
keys there are, which must be given, and of what type their values are.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from empirics.annotated import (
    ARRAYS,
    Names,
    OtherTypeError,
    bare,
    elements,
    is_many,
    number,
    read,
    split,
    types_of,
)
from empirics.schedules.base import plain

_KEYED = re.compile(r"([A-Za-z][\w-]*)\s*=\s*(.*)", re.DOTALL)


@dataclass(frozen=True, eq=False, kw_only=True)
class Kind:
    """One kind of thing that can be specified.

    Fields: noun, what it is called in sentences; makes, the type of it; table, its constructors by
    name; alone, what is made of a number without a name, if anything; words, what a name stands
    for where its constructor does not say.
    """

    noun: str
    makes: type
    table: Mapping[str, Callable[..., Any]]
    alone: Callable[[float], Any] | None = None
    words: Mapping[str, str] = field(default_factory=dict)

    def about(self, name: str) -> str:
        """What a name stands for: the first paragraph of the docstring, in one line."""
        text = self.words.get(name) or inspect.getdoc(self.table[name]) or ""
        return " ".join(text.split("\n\n")[0].split())


@dataclass(frozen=True, eq=False)
class Language:
    """The kinds that specifications can speak of; one may be within another of any kind."""

    kinds: Sequence[Kind]

    def make(self, kind: Kind, text: str, known: Names = MappingProxyType({})) -> Any:
        """What `text` specifies; `known` are values for keys that are not given in it.

        Raises ValueError, in one sentence, for an unknown name or key, a missing value or one of
        the wrong type; what the constructor itself has to say about its values passes through.
        """
        text = bare(text.strip())
        written, colon, rest = text.partition(":")
        name = _find(kind.table, written)
        if name is None:
            if kind.alone is not None and (value := number(text)) is not None:
                return kind.alone(value)
            there = ", ".join(kind.table)
            raise ValueError(f"there is no {kind.noun} {written!r}; there are {there}")
        maker, who = kind.table[name], f"{kind.noun} {name}"
        parameters, names = _parameters(maker), _globals(maker)
        given = _given(who, parameters, split(rest)) if colon else {}
        unsaid = {key: known[key] for key in parameters if key in known and key not in given}
        for key, parameter in parameters.items():
            if key not in {**given, **unsaid} and parameter.default is parameter.empty:
                raise ValueError(f"{who} needs {key}, got none; write {name}:{key}=...")
        read = {
            key: self._value(f"{who} needs", key, texts, types_of(parameters[key]), names)
            for key, texts in given.items()
        }
        return maker(**read, **unsaid)

    def spell(self, kind: Kind, settings: Mapping[str, Any]) -> str:
        """The shortest specification of a record of this kind with these `settings`.

        Raises ValueError if no constructor has the name settings["kind"], or it takes other keys.
        """
        wanted = settings.get("kind", kind.makes.__name__)
        named = (n for n, maker in kind.table.items() if getattr(maker, "__name__", "") == wanted)
        name = next(named, None)
        if name is None:
            raise ValueError(f"there is no name for the {kind.noun} {wanted!r}")
        parameters, names = _parameters(kind.table[name]), _globals(kind.table[name])
        if unknown := set(settings) - set(parameters) - {"kind"}:
            raise ValueError(f"{kind.noun} {name} takes no {', '.join(sorted(unknown))}")
        told = {
            key: self._spelled(settings[key], types_of(parameter), names)
            for key, parameter in parameters.items()
            if key in settings and settings[key] != plain(parameter.default)
        }
        first = next(iter(parameters), "")
        if list(told) == [first]:  # the first one alone needs no key, nor brackets for a list
            alone = isinstance(settings[first], list | tuple) and "[" not in told[first][1:]
            return f"{name}:{told[first][1:-1] if alone else told[first]}"
        items = [f"{key}={text}" for key, text in told.items()]
        return f"{name}:{','.join(items)}" if items else name

    def _spelled(self, value: Any, types: Sequence[str], names: Names) -> str:
        if isinstance(value, Mapping):
            kinds = filter(None, (self._kind(type_, names) for type_ in types))
            text = self.spell(next(kinds), value)
            return f"[{text}]" if "," in text else text
        if isinstance(value, list | tuple):
            inner = [a for type_ in types if is_many(type_) for a in elements(type_)]
            return f"[{','.join(self._spelled(a, inner, names) for a in value)}]"
        return str(value).lower() if value is None or isinstance(value, bool) else str(value)

    def _value(
        self, who: str, key: str, texts: Sequence[str], types: Sequence[str], names: Names
    ) -> Any:
        """The value of a parameter: the first of its types that takes the text."""
        tried: list[str] = []
        inner: ValueError | None = None
        for type_ in types if len(texts) == 1 else filter(is_many, types):
            try:
                return self._read(texts, type_, names)
            except OtherTypeError as reason:
                tried.append(str(reason))
            except ValueError as reason:  # of a specification within: another type may fit yet
                inner = inner or reason
        if inner is not None:
            raise inner
        words, got = " or ".join(dict.fromkeys(tried)), ",".join(texts)
        raise ValueError(f"{who} {words or 'one value'} for {key}, got {got!r}")

    def _read(self, texts: Sequence[str], type_: str, names: Names) -> Any:
        """The texts of one value as this type, or `OtherTypeError`."""
        text = texts[0].strip()
        head = type_.partition("[")[0]
        if is_many(type_):
            if len(texts) == 1 and text.startswith("[") and text.endswith("]"):
                texts = split(text[1:-1])
            if head in ARRAYS:  # numbers, or rows of numbers
                types = ["int", "float", type_] if text.startswith("[") else ["int", "float"]
            else:
                types = elements(type_)
            try:
                return tuple(self._value("", "", [a], types, names) for a in texts)
            except ValueError as reason:
                if any(self._kind(t, names) for t in types):
                    raise
                raise OtherTypeError("a list of numbers") from reason
        kind = self._kind(type_, names)
        if kind is not None:
            return self.make(kind, text)
        if text.startswith("[") and type_ == "Any":
            return self._read(texts, "Sequence[Any]", names)
        return read(text, type_, names)

    def _kind(self, type_: str, names: Names) -> Kind | None:
        """The kind that a type in an annotation belongs to."""
        found = names.get(type_)
        if not isinstance(found, type):
            return None
        return next((kind for kind in self.kinds if issubclass(found, kind.makes)), None)


def usage(name: str, maker: Callable[..., Any]) -> str:
    """How a name is used: with the parameters that it needs, and in () those that it may have.

    >>> from empirics.schedules import Geometric
    >>> usage("geometric", Geometric)
    'geometric:tau_max (mean, p)'
    """
    needed: list[str] = []
    free: list[str] = []
    for key, parameter in _parameters(maker).items():
        (needed if parameter.default is parameter.empty else free).append(key)
    words = f"{name}:{','.join(needed)}" if needed else name
    return words + (f" ({', '.join(free)})" if free else "")


def _find(table: Mapping[str, Any], name: str) -> str | None:
    """The key that is meant, with - and _ for each other."""
    wanted = name.strip().replace("-", "_")
    return next((key for key in table if key.replace("-", "_") == wanted), None)


def _given(
    who: str, parameters: Mapping[str, inspect.Parameter], items: Sequence[str]
) -> dict[str, list[str]]:
    """The texts for each parameter that is given any."""
    given: dict[str, list[str]] = {}
    last, keyed, free = "", False, iter(parameters)
    for item in items:
        if not item:
            raise ValueError(f"{who} needs a value between its commas, got none")
        match = _KEYED.fullmatch(item)
        if match:
            key = _find(parameters, match[1])
            if key is None:
                takes = ", ".join(parameters) or "nothing"
                raise ValueError(f"{who} takes no {match[1]!r}; it takes {takes}")
            if key in given:
                raise ValueError(f"{who} needs one {key}, got two")
            if not match[2]:
                raise ValueError(f"{who} needs a value for {key}, got none")
            last, keyed = key, True
            given[key] = [match[2]]
        elif last and all(map(is_many, set(types_of(parameters[last])) - {"None"})):
            given[last].append(item)
        elif keyed:
            raise ValueError(
                f"{who} needs a key for each value that follows a key, got {item!r}; "
                "put what belongs together in brackets"
            )
        else:
            last = next(free, "")
            if not last:
                most = len(parameters)
                raise ValueError(f"{who} takes no more than {most} values, got {item!r} too")
            given[last] = [item]
    return given


def _parameters(maker: Callable[..., Any]) -> dict[str, inspect.Parameter]:
    return dict(inspect.signature(maker).parameters)


def _globals(maker: Callable[..., Any]) -> Names:
    """The names that the annotations of a constructor can use."""
    return vars(sys.modules[getattr(maker, "func", maker).__module__])
