//! `GET /cars`: a page of the inventory.

use axum::Json;
use axum::extract::RawQuery;
use axum::response::{IntoResponse, Response};
use http::header::LINK;
use http::{HeaderName, HeaderValue};

use super::Call;
use super::openapi::{CarDocument, Problem};
use crate::car::{FieldError, Status};
use crate::problem::Failure;
use crate::store::{Cursor, ListQuery};

/// Cars on a page when the client does not say, and at most. 100 cars are some 30 KB.
pub(super) const LARGEST_PAGE: u16 = 100;
/// Where the next page begins.
const NEXT_CURSOR: HeaderName = HeaderName::from_static("x-next-cursor");

/// The parameters. Unknown ones are ignored; of a repeated one the last counts.
///
/// # Errors
/// 422 for a status or limit that cannot be, 400 for a cursor that this service did not give out.
pub(super) fn parse(query: &str) -> Result<ListQuery, Failure> {
    let mut errors = Vec::new();
    let mut list = ListQuery {
        status: None,
        limit: LARGEST_PAGE,
        after: None,
    };
    let mut cursor = None;
    for (name, value) in form(query) {
        match name.as_str() {
            "status" => match value.parse::<Status>() {
                Ok(status) => list.status = Some(status),
                Err(error) => errors.push(FieldError {
                    field: "status",
                    message: error.to_string(),
                }),
            },
            "limit" => match value
                .parse()
                .ok()
                .filter(|limit| (1..=LARGEST_PAGE).contains(limit))
            {
                Some(limit) => list.limit = limit,
                None => errors.push(FieldError {
                    field: "limit",
                    message: format!("must be a whole number from 1 to {LARGEST_PAGE}"),
                }),
            },
            "cursor" => cursor = Some(value),
            _ => {}
        }
    }
    if !errors.is_empty() {
        return Err(Failure::Invalid(errors));
    }
    list.after = cursor
        .map(|cursor| Cursor::decode(&cursor, list.status))
        .transpose()?;
    Ok(list)
}

/// The pairs of an `application/x-www-form-urlencoded` query. None of our values needs more than ASCII: a percent
/// sign that is not followed by two digits stays as it is, and the value is refused for what it then is.
fn form(query: &str) -> impl Iterator<Item = (String, String)> {
    let decode = |text: &str| {
        let spaced = text.replace('+', " ");
        let mut bytes = Vec::with_capacity(spaced.len());
        let mut rest = spaced.as_bytes();
        while let Some((first, after)) = rest.split_first() {
            let escaped = after
                .get(..2)
                .filter(|_| *first == b'%')
                .and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
            bytes.push(escaped.unwrap_or(*first));
            rest = if escaped.is_some() {
                &after[2..]
            } else {
                after
            };
        }
        String::from_utf8_lossy(&bytes).into_owned()
    };
    query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(move |pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(name), decode(value))
        })
}

/// The query of the next page. A cursor is base64url and a status is letters: nothing needs escaping.
fn next_link(list: &ListQuery, cursor: &str) -> String {
    let status = list
        .status
        .map_or_else(String::new, |status| format!("&status={}", status.as_str()));
    format!(
        "<?limit={}{status}&cursor={cursor}>; rel=\"next\"",
        list.limit
    )
}

/// List cars
///
/// By status, then by key. The list may lag behind the latest writes by a moment.
#[utoipa::path(
    get, path = "/cars", tag = "cars",
    params(
        ("status" = Option<Status>, Query, description = "Only cars of this status"),
        ("limit" = Option<u16>, Query, description = "Cars on the page, 100 if absent", minimum = 1, maximum = 100),
        ("cursor" = Option<String>, Query, description = "The X-Next-Cursor of the page before, with the same status"),
    ),
    responses(
        (status = 200, description = "A page of cars", body = Vec<CarDocument>, headers(
            ("X-Next-Cursor" = String, description = "Where the next page begins; absent on the last"),
            ("Link" = String, description = "The next page, rel=next"),
        )),
        (status = 400, description = "Bad cursor", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "Bad status or limit", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "Try again after Retry-After", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn list(call: Call, RawQuery(query): RawQuery) -> Result<Response, Failure> {
    let list = parse(&query.unwrap_or_default())?;
    let page = call
        .stored(call.deps().store.list(&list, &call.flight.meter))
        .await?;
    let mut response = Json(page.cars).into_response();
    if let Some(cursor) = page.next.map(|cursor| cursor.encode()) {
        let headers = [
            (NEXT_CURSOR, cursor.clone()),
            (LINK, next_link(&list, &cursor)),
        ];
        for (name, value) in headers {
            // Base64url and our own words are always a header's value.
            if let Ok(value) = HeaderValue::from_str(&value) {
                response.headers_mut().insert(name, value);
            }
        }
    }
    Ok(response)
}
