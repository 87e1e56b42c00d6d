//! An answer in the form that a function URL takes (payload format 2.0).

use std::collections::BTreeMap;

use incidents::acknowledge_link::page::{self, Page};
use serde::Serialize;

use super::request::Method;

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Response {
    /// HTTP status code.
    pub status_code: u16,
    /// Each name once.
    pub headers: BTreeMap<&'static str, &'static str>,
    /// A page; empty for HEAD.
    pub body: String,
    /// Never: pages are text.
    pub is_base64_encoded: bool,
}

impl Response {
    pub(super) fn new(page: Page, asked: Method) -> Self {
        let mut headers = BTreeMap::from(page::headers());
        if page.status == 405 {
            headers.insert("Allow", "GET, HEAD, POST");
        }
        Self {
            status_code: page.status,
            headers,
            body: match asked {
                Method::Head => String::new(),
                _ => page.html,
            },
            is_base64_encoded: false,
        }
    }
}
