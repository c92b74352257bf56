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

import ast
import inspect
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from empirics.schedules.base import plain

Names: TypeAlias = Mapping[str, Any]  # of the module in which a constructor is written

_KEYED = re.compile(r"([A-Za-z][\w-]*)=(.*)", re.DOTALL)
_MANY = ("Sequence", "Iterable", "tuple", "list", "ArrayLike", "NDArray", "Array", "Delays")
_TEXT = ("str", "Path", "PathLike")
_WORDS = {"int": "a whole number", "float": "a number", "bool": "true or false", "None": "none"}


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

    def make(self, kind: Kind, text: str) -> Any:
        """What `text` specifies.

        Raises ValueError, in one sentence, for an unknown name or key, a missing value or one of
        the wrong type; what the constructor itself has to say about its values passes through.
        """
        text = _bare(text.strip())
        name, colon, rest = text.partition(":")
        known = _find(kind.table, name)
        if known is None:
            if kind.alone is not None and (number := _number(text)) is not None:
                return kind.alone(number)
            raise ValueError(f"there is no {kind.noun} {name!r}; there are {', '.join(kind.table)}")
        maker, who = kind.table[known], f"{kind.noun} {known}"
        parameters = _parameters(maker)
        given = _given(who, parameters, _split(rest)) if colon else {}
        for key, parameter in parameters.items():
            if key not in given and parameter.default is parameter.empty:
                raise ValueError(f"{who} needs {key}, got none; write {known}:{key}=...")
        globals_ = _globals(maker)
        return maker(
            **{
                key: self._value(f"{who} needs", key, texts, _types(parameters[key]), globals_)
                for key, texts in given.items()
            }
        )

    def spell(self, kind: Kind, settings: Mapping[str, Any]) -> str:
        """The shortest specification of a record of this kind with these `settings`.

        Raises ValueError if no constructor has the name settings["kind"], or it takes other keys.
        """
        wanted = settings.get("kind")
        named = (n for n, maker in kind.table.items() if getattr(maker, "__name__", "") == wanted)
        name = next(named, None)
        if name is None:
            raise ValueError(f"there is no name for the {kind.noun} {wanted!r}")
        parameters, names = _parameters(kind.table[name]), _globals(kind.table[name])
        if unknown := set(settings) - set(parameters) - {"kind"}:
            raise ValueError(f"{kind.noun} {name} takes no {', '.join(sorted(unknown))}")
        told = {
            key: self._spelled(settings[key], _types(parameter), names)
            for key, parameter in parameters.items()
            if key in settings and settings[key] != plain(parameter.default)
        }
        if list(told) == list(parameters)[:1]:  # the first one alone needs no key
            (text,) = told.values()
            return f"{name}:{text[1:-1] if text[0] == '[' and '[' not in text[1:] else text}"
        items = [f"{key}={text}" for key, text in told.items()]
        return f"{name}:{','.join(items)}" if items else name

    def _spelled(self, value: Any, types: Sequence[str], names: Names) -> str:
        if isinstance(value, Mapping):
            kinds = filter(None, (self._kind(type_, names) for type_ in types))
            text = self.spell(next(kinds), value)
            return f"[{text}]" if "," in text else text
        if isinstance(value, list | tuple):
            inner = [a for type_ in types if _is_many(type_) for a in _elements(type_)]
            return f"[{','.join(self._spelled(a, inner, names) for a in value)}]"
        return str(value).lower() if value is None or isinstance(value, bool) else str(value)

    def _value(
        self, who: str, key: str, texts: Sequence[str], types: Sequence[str], names: Names
    ) -> Any:
        """The value of a parameter: the first of its types that takes the text."""
        tried: list[str] = []
        inner: ValueError | None = None
        for type_ in types if len(texts) == 1 else filter(_is_many, types):
            try:
                return self._read(texts, type_, names)
            except _OtherTypeError as reason:
                tried.append(str(reason))
            except ValueError as reason:  # of a specification within: another type may fit yet
                inner = inner or reason
        if inner is not None:
            raise inner
        words, got = " or ".join(dict.fromkeys(tried)), ",".join(texts)
        raise ValueError(f"{who} {words or 'one value'} for {key}, got {got!r}")

    def _read(self, texts: Sequence[str], type_: str, names: Names) -> Any:
        """The texts of one value as this type, or `_OtherTypeError`."""
        text = texts[0].strip()
        head, _, inner = type_.partition("[")
        if head in _MANY:
            if len(texts) == 1 and text.startswith("[") and text.endswith("]"):
                texts = _split(text[1:-1])
            if head in _MANY[4:]:  # numbers, or rows of numbers
                types = ["int", "float", type_] if text.startswith("[") else ["int", "float"]
            else:
                types = _elements(type_)
            try:
                return tuple(self._value("", "", [a], types, names) for a in texts)
            except ValueError as reason:
                if any(self._kind(t, names) for t in types):
                    raise
                raise _OtherTypeError("a list of numbers") from reason
        if head == "Literal":
            choices = ast.literal_eval(f"[{inner}")
            if text in choices:
                return text
            raise _OtherTypeError(f"one of {', '.join(choices)}")
        if head in _TEXT:
            if text:
                return text
            raise _OtherTypeError("a word")
        if head in _WORDS:
            value = _word(text, head)
            if value is _NOTHING:
                raise _OtherTypeError(_WORDS[head])
            return value
        kind = self._kind(type_, names)
        if kind is not None:
            return self.make(kind, text)
        if text.startswith("["):
            return self._read(texts, "Sequence[Any]", names)
        return next(
            (v for t in ("None", "bool", "int", "float") if (v := _word(text, t)) is not _NOTHING),
            text,
        )

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


class _OtherTypeError(Exception):
    """The text is not of a type; the words say of which."""


_NOTHING = object()


def _word(text: str, type_: str) -> Any:
    """A text as one of the plain types, _NOTHING if it is not one."""
    word = text.lower()
    if type_ == "None":
        return None if word == "none" else _NOTHING
    if type_ == "bool":
        return {"true": True, "yes": True, "false": False, "no": False}.get(word, _NOTHING)
    number = _number(text)
    if number is None:
        return _NOTHING
    if type_ == "float":
        return number
    try:
        return int(text)
    except ValueError:
        return int(number) if number.is_integer() else _NOTHING  # 1e4 is a whole number too


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _find(table: Mapping[str, Any], name: str) -> str | None:
    """The key that is meant, with - and _ for each other."""
    wanted = name.strip().replace("-", "_")
    return next((key for key in table if key.replace("-", "_") == wanted), None)


def _bare(text: str) -> str:
    """Without the brackets around the whole of it."""
    return text[1:-1].strip() if text.startswith("[") and text.endswith("]") else text


def _split(text: str, mark: str = ",") -> list[str]:
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
        elif last and any(map(_is_many, _types(parameters[last]))):
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


def _types(parameter: inspect.Parameter) -> list[str]:
    """The types that a parameter may be of; annotations are text everywhere here."""
    if parameter.annotation is parameter.empty:
        return ["Any"]
    annotation = parameter.annotation
    return _members(annotation if isinstance(annotation, str) else annotation.__name__)


def _members(annotation: str) -> list[str]:
    """The members of a union, the narrow ones first: a number is no text unless it must be."""

    def width(member: str) -> int:
        if member in _WORDS:
            return ("None", "bool", "int", "float").index(member)
        return 9 if member.partition("[")[0] in _TEXT else 5

    return sorted(_split(annotation, "|"), key=width)


def _elements(type_: str) -> list[str]:
    """What a list of this type is a list of."""
    inner = type_.partition("[")[2].removesuffix("]")
    return _members(_split(inner)[0] or "Any")


def _is_many(type_: str) -> bool:
    return type_.partition("[")[0] in _MANY
