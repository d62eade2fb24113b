use aws_lambda_events::apigw::ApiGatewayV2httpRequest;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::CONTENT_TYPE;

use crate::Refusal;
use crate::headers::single;

/// The bytes that the source sent, which are what it signed.
pub(crate) fn raw_body(request: &ApiGatewayV2httpRequest, max_bytes: usize) -> Result<Vec<u8>, Refusal> {
    let body = request.body.as_deref().unwrap_or_default();
    if !request.is_base64_encoded {
        return if body.len() > max_bytes {
            Err(Refusal::PayloadTooLarge)
        } else {
            Ok(body.as_bytes().to_vec())
        };
    }
    // Before decoding, so that nothing is decoded only to be refused.
    if body.len() > max_bytes.div_ceil(3).saturating_mul(4) {
        return Err(Refusal::PayloadTooLarge);
    }
    let bytes =
        STANDARD.decode(body).map_err(|_| Refusal::RequestMalformed("the body is not valid base64"))?;
    if bytes.len() > max_bytes { Err(Refusal::PayloadTooLarge) } else { Ok(bytes) }
}

/// `application/json`, where a charset is given only UTF-8; other parameters change nothing.
pub(crate) fn check_media_type(request: &ApiGatewayV2httpRequest) -> Result<(), Refusal> {
    let value = single(&request.headers, CONTENT_TYPE.as_str()).map_err(|_| Refusal::MediaTypeUnsupported)?;
    let mut parts = value.split(';').map(str::trim);
    let is_json = parts.next().is_some_and(|essence| essence.eq_ignore_ascii_case("application/json"));
    let is_utf8 = parts.all(|parameter| match parameter.split_once('=') {
        Some((name, charset)) if name.trim().eq_ignore_ascii_case("charset") => {
            charset.trim().trim_matches('"').eq_ignore_ascii_case("utf-8")
        }
        _ => true,
    });
    if is_json && is_utf8 { Ok(()) } else { Err(Refusal::MediaTypeUnsupported) }
}
