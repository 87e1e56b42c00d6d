//! JSURL version 1, the `~(…)` notation of the AWS console's addresses (npm `jsurl` 0.1.5).

/// A JSON value whose objects keep the order in which their members were written: the console's addresses are
/// compared with captured ones, byte for byte.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// A text.
    Text(String),
    /// An integer.
    Integer(i64),
    /// Truth.
    Bool(bool),
    /// A list.
    List(Vec<Value>),
    /// Members in order.
    Object(Vec<(&'static str, Value)>),
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

/// The notation of a value.
#[must_use]
pub fn encode(value: &Value) -> String {
    let mut out = String::new();
    put(value, &mut out);
    out
}

fn put(value: &Value, out: &mut String) {
    match value {
        Value::Text(text) => {
            out.push_str("~'");
            escape(text, out);
        }
        Value::Integer(number) => out.push_str(&format!("~{number}")),
        Value::Bool(truth) => out.push_str(if *truth { "~true" } else { "~false" }),
        Value::List(items) if items.is_empty() => out.push_str("~(~)"),
        Value::List(items) => {
            out.push_str("~(");
            items.iter().for_each(|item| put(item, out));
            out.push(')');
        }
        Value::Object(members) => {
            out.push_str("~(");
            for (position, (name, member)) in members.iter().enumerate() {
                if position > 0 {
                    out.push('~');
                }
                escape(name, out);
                put(member, out);
            }
            out.push(')');
        }
    }
}

fn escape(text: &str, out: &mut String) {
    for unit in text.encode_utf16() {
        match u8::try_from(unit) {
            Ok(b'$') => out.push('!'),
            Ok(byte) if byte.is_ascii_alphanumeric() || b"_-.".contains(&byte) => {
                out.push(char::from(byte))
            }
            Ok(byte) => out.push_str(&format!("*{byte:02x}")),
            Err(_) => out.push_str(&format!("**{unit:04x}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_value_has_its_notation() {
        for (value, notation) in [
            ("plain_text-1.0".into(), "~'plain_text-1.0"),
            ("a b/c".into(), "~'a*20b*2fc"),
            ("$'".into(), "~'!*27"),
            ("é€😀".into(), "~'*e9**20ac**d83d**de00"),
            ("".into(), "~'"),
            (Value::Integer(-3600), "~-3600"),
            (Value::Bool(true), "~true"),
            (Value::Bool(false), "~false"),
            (Value::List(vec![]), "~(~)"),
            (Value::List(vec![Value::Integer(1), "b".into()]), "~(~1~'b)"),
            (Value::Object(vec![]), "~()"),
            (
                Value::Object(vec![("z", Value::Integer(1)), ("a b", Value::List(vec![]))]),
                "~(z~1~a*20b~(~))",
            ),
        ] {
            assert_eq!(encode(&value), notation);
        }
    }
}
