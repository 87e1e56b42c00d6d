//! The expressions of conditional writes.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;

use super::table;
use crate::car::{Changes, Status};
use crate::store::Write;

/// An expression with the names and values it mentions. Every name is a placeholder: `status`, `year`, `type` and
/// others are reserved words.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Expression {
    pub(super) text: String,
    pub(super) names: HashMap<String, String>,
    pub(super) values: HashMap<String, AttributeValue>,
}

fn number(value: impl std::fmt::Display) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

fn text_or_null(text: Option<&str>) -> AttributeValue {
    text.map_or(AttributeValue::Null(true), |text| {
        AttributeValue::S(text.to_owned())
    })
}

impl Expression {
    fn name(&mut self, name: &str) -> String {
        let placeholder = format!("#{name}");
        self.names.insert(placeholder.clone(), name.to_owned());
        placeholder
    }

    /// The update that makes a car what [`crate::car::Car::changed`] says.
    pub(super) fn of(changes: &Changes, write: Write<'_>) -> Self {
        let text = |text: &str| AttributeValue::S(text.to_owned());
        let fields = [
            (
                "model",
                changes.model.as_ref().map(|model| text(model.as_str())),
            ),
            ("year", changes.year.map(number)),
            ("status", changes.status.map(|status| text(status.as_str()))),
            (
                "latitude",
                changes
                    .latitude
                    .as_ref()
                    .map(|l| text_or_null(l.as_ref().map(|l| l.as_str()))),
            ),
            (
                "longitude",
                changes
                    .longitude
                    .as_ref()
                    .map(|l| text_or_null(l.as_ref().map(|l| l.as_str()))),
            ),
            ("nb_passengers", changes.nb_passengers.map(number)),
            ("bike_rack", changes.bike_rack.map(AttributeValue::Bool)),
            ("updated_at", Some(text(&write.now.to_string()))),
            (table::WRITE_ID, Some(text(write.id))),
        ];
        let mut expression = Self::default();
        let mut sets = Vec::new();
        if changes.status.is_some() {
            // Every right side is read before anything is set. Kept in the item because the answer that says what was
            // there before may be lost, and with it the news that the status has changed.
            let (before, status) = (
                expression.name(table::STATUS_BEFORE),
                expression.name(table::STATUS),
            );
            sets.push(format!("{before} = if_not_exists({status}, :unknown)"));
            expression
                .values
                .insert(":unknown".to_owned(), text(Status::Unknown.as_str()));
        }
        for (field, value) in fields {
            let Some(value) = value else { continue };
            sets.push(format!("{} = :{field}", expression.name(field)));
            expression.values.insert(format!(":{field}"), value);
        }
        let version = expression.name("version");
        sets.push(format!(
            "{version} = if_not_exists({version}, :none) + :one"
        ));
        expression.values.extend([
            (":none".to_owned(), number(0)),
            (":one".to_owned(), number(1)),
        ]);
        expression.text = format!("SET {}", sets.join(", "));
        expression
    }

    /// The item is a car that exists, at one of the expected versions, and is not there because of this very write.
    pub(super) fn condition(write: Write<'_>) -> Self {
        let mut condition = Self::default();
        let mark = condition.name(table::WRITE_ID);
        condition.text = format!(
            "attribute_exists(car_id) AND (attribute_not_exists({mark}) OR {mark} <> :write_id)"
        );
        condition.values.insert(
            ":write_id".to_owned(),
            AttributeValue::S(write.id.to_owned()),
        );
        let Some(expected) = write.expected else {
            return condition;
        };
        let version = condition.name("version");
        let mut any = Vec::new();
        for (position, expected) in expected.iter().enumerate() {
            any.push(format!("{version} = :expected{position}"));
            condition
                .values
                .insert(format!(":expected{position}"), number(expected));
            if *expected == 0 {
                // An item written without versions.
                any.push(format!("attribute_not_exists({version})"));
            }
        }
        condition.text = format!("{} AND ({})", condition.text, any.join(" OR "));
        condition
    }
}
