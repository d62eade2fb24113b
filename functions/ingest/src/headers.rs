use http::HeaderMap;

/// Why a header cannot be used.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum HeaderProblem {
    Missing,
    /// Sent more than once, so that it is not clear which one counts.
    Repeated,
    /// Not text.
    Unreadable,
}

/// The one value of a header. API Gateway joins repeated headers with commas: values that cannot hold a comma are
/// checked for it by their own rules.
pub(crate) fn single<'h>(headers: &'h HeaderMap, name: &str) -> Result<&'h str, HeaderProblem> {
    let mut values = headers.get_all(name).iter();
    let value = values.next().ok_or(HeaderProblem::Missing)?;
    if values.next().is_some() {
        return Err(HeaderProblem::Repeated);
    }
    value.to_str().map_err(|_| HeaderProblem::Unreadable)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn finds_a_header_whatever_its_case() {
        let mut headers = HeaderMap::new();
        headers.insert("x-shopify-topic", HeaderValue::from_static("orders/create"));
        assert_eq!(single(&headers, "X-Shopify-Topic"), Ok("orders/create"));
    }

    #[test]
    fn tells_missing_repeated_and_unreadable_apart() {
        let mut headers = HeaderMap::new();
        assert_eq!(single(&headers, "a"), Err(HeaderProblem::Missing));
        headers.append("a", HeaderValue::from_bytes(b"\xff").unwrap());
        assert_eq!(single(&headers, "a"), Err(HeaderProblem::Unreadable));
        headers.append("a", HeaderValue::from_static("1"));
        assert_eq!(single(&headers, "a"), Err(HeaderProblem::Repeated));
    }
}
