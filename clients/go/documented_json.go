package workflowgraph

import (
	"encoding/json"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/structpb"

	workflowgraphv1 "workflowgraph.dev/client/gen/workflowgraph/v1"
)

// Messages that the documented paths write in a shape of their own.
var (
	inlineName = (&workflowgraphv1.Outputs{}).ProtoReflect().Descriptor().FullName()
	taggedName = (&workflowgraphv1.Backoff{}).ProtoReflect().Descriptor().FullName()
	structName = (&structpb.Struct{}).ProtoReflect().Descriptor().FullName()
)

// documentedJSON is the JSON of the documented paths for a message: every field under its name, enums as words, and null for
// what is absent. What reads the responses of the paths reads messages too.
func documentedJSON(message proto.Message) ([]byte, error) {
	return json.Marshal(jsonOfMessage(message.ProtoReflect()))
}

func jsonOfMessage(message protoreflect.Message) any {
	fields := message.Descriptor().Fields()
	switch message.Descriptor().FullName() {
	case structName:
		return message.Interface().(*structpb.Struct).AsMap()
	case taggedName:
		return jsonOfAlternative(message)
	case inlineName:
		return jsonOfField(message, fields.Get(0))
	}
	object := make(map[string]any, fields.Len())
	for i := range fields.Len() {
		object[fields.Get(i).TextName()] = jsonOfField(message, fields.Get(i))
	}
	return object
}

func jsonOfField(message protoreflect.Message, field protoreflect.FieldDescriptor) any {
	value := message.Get(field)
	switch {
	case field.IsMap():
		object := make(map[string]any, value.Map().Len())
		value.Map().Range(func(key protoreflect.MapKey, value protoreflect.Value) bool {
			object[key.String()] = jsonOfValue(field.MapValue(), value)
			return true
		})
		return object
	case field.IsList():
		list := make([]any, value.List().Len())
		for i := range list {
			list[i] = jsonOfValue(field, value.List().Get(i))
		}
		return list
	case field.HasPresence() && !message.Has(field):
		return nil
	}
	return jsonOfValue(field, value)
}

func jsonOfValue(field protoreflect.FieldDescriptor, value protoreflect.Value) any {
	switch field.Kind() {
	case protoreflect.EnumKind:
		return enumWord(field.Enum(), value.Enum())
	case protoreflect.MessageKind:
		return jsonOfMessage(value.Message())
	}
	return value.Interface()
}

// jsonOfAlternative is "None" for an alternative without fields, and {"Fixed": {…}} for another. Absent fields are left out.
func jsonOfAlternative(message protoreflect.Message) any {
	chosen := message.WhichOneof(message.Descriptor().Oneofs().Get(0))
	if chosen == nil {
		return nil
	}
	name := chosen.TextName()
	name = strings.ToUpper(name[:1]) + name[1:]
	inner := message.Get(chosen).Message()
	if inner.Descriptor().Fields().Len() == 0 {
		return name
	}
	present := map[string]any{}
	fields := inner.Descriptor().Fields()
	for i := range fields.Len() {
		if field := fields.Get(i); !field.HasPresence() || inner.Has(field) {
			present[field.TextName()] = jsonOfField(inner, field)
		}
	}
	return map[string]any{name: present}
}

// enumWord is empty for the number that says nothing, and for one that is not known here.
func enumWord(enum protoreflect.EnumDescriptor, number protoreflect.EnumNumber) string {
	value := enum.Values().ByNumber(number)
	if number == 0 || value == nil {
		return ""
	}
	prefix := strings.TrimSuffix(string(enum.Values().ByNumber(0).Name()), "UNSPECIFIED")
	return strings.ToLower(strings.TrimPrefix(string(value.Name()), prefix))
}
