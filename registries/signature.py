"""How a typed function becomes a JSON schema, and a model's arguments become typed values."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Annotated, Any, get_args, get_origin, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model
from pydantic.json_schema import JsonSchemaValue

MAX_ARGUMENT_CHARS = 8_000

_LAX = ConfigDict(
    extra="forbid",
    coerce_numbers_to_str=True,
    str_strip_whitespace=True,
    arbitrary_types_allowed=True,
)


class WrongArguments(Exception):
    """A model's arguments do not fit. The message is written for that model and quotes no value."""


class Signature:
    """The parameters of one tool, without the context it gets first."""

    def __init__(self, function: Callable[..., Any]) -> None:
        parameters = list(inspect.signature(function).parameters.values())
        hints = get_type_hints(function, include_extras=True)
        fields: dict[str, Any] = {}
        for parameter in parameters[1:]:
            if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
                raise TypeError(f"{function.__name__}: *args and **kwargs have no schema")
            if parameter.name not in hints:
                raise TypeError(f"{function.__name__}: parameter {parameter.name} has no type")
            default = ... if parameter.default is parameter.empty else parameter.default
            fields[parameter.name] = (_described(hints[parameter.name]), default)
        self._model: type[BaseModel] = create_model(
            f"{function.__name__}_arguments", __config__=_LAX, **fields
        )
        self.schema = schema_of(self._model)

    def values(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Return typed keyword arguments. Raises `WrongArguments`."""
        if len(str(arguments)) > MAX_ARGUMENT_CHARS:
            raise WrongArguments("The arguments are too long.")
        given = {
            name: value
            for name, value in arguments.items()
            if value is not None or self._required(name)
        }
        try:
            model = self._model.model_validate(given)
        except ValidationError as problem:
            raise WrongArguments(_for_the_model(problem)) from None
        return {name: getattr(model, name) for name in self._model.model_fields}

    def _required(self, name: str) -> bool:
        field = self._model.model_fields.get(name)
        return field is None or field.is_required()


def schema_of(model: type[BaseModel]) -> dict[str, Any]:
    """Return a plain schema: references inlined, `X or null` as X, no titles."""
    schema = model.model_json_schema()
    definitions = schema.pop("$defs", {})
    plain = _plain(schema, definitions)
    plain.pop("description", None)
    plain.setdefault("properties", {})
    return plain


def _plain(schema: JsonSchemaValue, definitions: Mapping[str, Any]) -> dict[str, Any]:
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[-1]
        schema = {**definitions[name], **{k: v for k, v in schema.items() if k != "$ref"}}
        schema.pop("title", None)
    options = [option for option in schema.get("anyOf", ()) if option != {"type": "null"}]
    if len(options) == 1:
        schema = {**options[0], **{k: v for k, v in schema.items() if k != "anyOf"}}
        return _plain(schema, definitions)
    kept = {k: v for k, v in schema.items() if k != "title" or not isinstance(v, str)}
    if kept.get("default", ...) is None:
        del kept["default"]
    if "properties" in kept:
        kept["properties"] = {k: _plain(v, definitions) for k, v in kept["properties"].items()}
    if isinstance(kept.get("items"), dict):
        kept["items"] = _plain(kept["items"], definitions)
    if options:
        kept["anyOf"] = [_plain(option, definitions) for option in options]
    return kept


def _described(hint: Any) -> Any:
    """Turn `Annotated[int, "how many"]` into a field with that description."""
    if get_origin(hint) is not Annotated:
        return hint
    kind, *notes = get_args(hint)
    notes = [Field(description=note) if isinstance(note, str) else note for note in notes]
    return Annotated[kind, *notes]


def _for_the_model(problem: ValidationError) -> str:
    wrong = [
        f"{'.'.join(map(str, error['loc'])) or 'arguments'}: {error['msg']}"
        for error in problem.errors(include_url=False, include_input=False, include_context=False)
    ]
    return (
        f"These arguments do not fit. {'; '.join(wrong)}. Ask the caller if needed and call again."
    )
