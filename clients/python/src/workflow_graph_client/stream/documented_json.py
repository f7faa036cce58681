"""Messages as the documented paths write them, so that what reads the responses of the paths reads messages too."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from google.protobuf.descriptor import EnumDescriptor, FieldDescriptor
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from google.protobuf.struct_pb2 import Struct

from ..gen.workflowgraph.v1 import types_pb2 as pb

#: The messages that the paths write in a shape of their own.
TAGGED, INLINE, OBJECT = (kind.DESCRIPTOR.full_name for kind in (pb.Backoff, pb.Outputs, Struct))
LABEL_REPEATED = 3


def documented_json(message: Message) -> Any:
    """Each field under its name, enums as words, and None for what is absent."""
    kind: str = message.DESCRIPTOR.full_name
    fields: Sequence[Any] = message.DESCRIPTOR.fields
    if kind == OBJECT:
        return MessageToDict(message)
    if kind == TAGGED:
        return alternative_json(message)
    if kind == INLINE:
        return field_json(message, fields[0])
    return {field.name: field_json(message, field) for field in fields}


def field_json(message: Message, field: FieldDescriptor) -> Any:
    """The value of a field."""
    value = getattr(message, field.name)
    if field.message_type is not None and field.message_type.GetOptions().map_entry:
        of_value = field.message_type.fields_by_name["value"]
        # Iterating over the items of a map of messages copies none of them.
        return {key: value_json(one, of_value) for key, one in value.items()}
    if is_list(field):
        return [value_json(one, field) for one in value]
    if field.has_presence and not message.HasField(field.name):
        return {} if field.message_type is not None and field.message_type.full_name == OBJECT else None
    return value_json(value, field)


def value_json(value: Any, field: FieldDescriptor) -> Any:
    """One value of a field."""
    if field.message_type is not None:
        return documented_json(value)
    return value if field.enum_type is None else enum_word(field.enum_type, value)


def alternative_json(message: Message) -> Any:
    """`"None"` for an alternative without fields, `{"Fixed": {…}}` for another. Absent fields are left out."""
    chosen = message.WhichOneof(message.DESCRIPTOR.oneofs[0].name)
    if chosen is None:
        return None
    inner = getattr(message, chosen)
    present = {
        field.name: field_json(inner, field)
        for field in inner.DESCRIPTOR.fields
        if not field.has_presence or inner.HasField(field.name)
    }
    return {chosen.capitalize(): present} if inner.DESCRIPTOR.fields else chosen.capitalize()


def enum_word(enum: EnumDescriptor, number: int) -> str:
    """Empty for the number that says nothing, and for one that is not known here."""
    value = enum.values_by_number.get(number)
    if number == 0 or value is None:
        return ""
    prefix = enum.values_by_number[0].name.removesuffix("UNSPECIFIED")
    return value.name.removeprefix(prefix).lower()


def is_list(field: FieldDescriptor) -> bool:
    """Early releases of protobuf 6 have the label alone, and 7 has it no more."""
    repeated = getattr(field, "is_repeated", None)
    return bool(getattr(field, "label", None) == LABEL_REPEATED if repeated is None else repeated)
