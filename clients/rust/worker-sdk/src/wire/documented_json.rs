//! What serde needs to write messages as the JSON of the documented paths. `cargo xtask generate` puts it where it belongs.

use prost_types::Struct;
use prost_types::value::Kind;
use serde::{Serialize, Serializer};
use serde_json::{Map, Number, Value};

/// The word of an enum's number. A number that this version does not know is that of the first value.
pub(crate) fn word<S, Enum>(number: &i32, serializer: S) -> Result<S::Ok, S::Error>
where
    S: Serializer,
    Enum: TryFrom<i32> + Default + Serialize,
{
    Enum::try_from(*number).unwrap_or_default().serialize(serializer)
}

/// A message of one alternative: `"None"` for one without fields, `{"Fixed": {…}}` for another.
pub(crate) fn tagged<S: Serializer, Message: Serialize>(message: &Message, serializer: S) -> Result<S::Ok, S::Error> {
    let value = serde_json::to_value(message).map_err(serde::ser::Error::custom)?;
    let chosen = value.as_object().and_then(|fields| fields.values().next()).unwrap_or(&Value::Null);
    match chosen.as_object().and_then(|alternative| alternative.iter().next()) {
        Some((name, Value::Object(fields))) if fields.is_empty() => name.serialize(serializer),
        _ => chosen.serialize(serializer),
    }
}

/// A JSON object. One that is absent is empty.
pub(crate) fn object<S: Serializer>(object: &Option<Struct>, serializer: S) -> Result<S::Ok, S::Error> {
    object.as_ref().map(json_object).unwrap_or_default().serialize(serializer)
}

fn json_object(object: &Struct) -> Map<String, Value> {
    object.fields.iter().map(|(key, value)| (key.clone(), json_value(value))).collect()
}

fn json_value(value: &prost_types::Value) -> Value {
    match &value.kind {
        None | Some(Kind::NullValue(_)) => Value::Null,
        Some(Kind::BoolValue(flag)) => Value::Bool(*flag),
        Some(Kind::NumberValue(number)) => json_number(*number),
        Some(Kind::StringValue(text)) => Value::String(text.clone()),
        Some(Kind::ListValue(list)) => list.values.iter().map(json_value).collect(),
        Some(Kind::StructValue(object)) => Value::Object(json_object(object)),
    }
}

/// Whole numbers as such, as the documented JSON paths write them.
fn json_number(number: f64) -> Value {
    const EXACT_MAX: f64 = 9_007_199_254_740_992.0;
    if number.fract() == 0.0 && number.abs() <= EXACT_MAX {
        return Value::from(number as i64);
    }
    Number::from_f64(number).map_or(Value::Null, Value::Number)
}
