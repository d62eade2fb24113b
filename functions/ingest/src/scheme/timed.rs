//! Signatures of the form `t=<seconds>,v1=<hex>`: HMAC-SHA256 of `t.body`. Several `v1` stand there while a secret is rotated;
//! other versions are passed over.

use super::{Claim, Delivery, SIGNATURE_BYTES, Window};
use crate::Refusal;
use crate::headers::single;

/// Each costs a comparison.
const MAX_PARTS: usize = 16;

pub(super) fn claim(
    delivery: &Delivery<'_>,
    window: Window,
    header: &str,
    invalid: &'static str,
) -> Result<Claim, Refusal> {
    let bad = Refusal::SignatureInvalid(invalid);
    let value = single(delivery.headers, header).map_err(|_| bad)?;
    let parts: Vec<_> = value.split(',').map(|part| part.trim().split_once('=')).collect();
    if parts.len() > MAX_PARTS {
        return Err(bad);
    }
    let of = |wanted: &str| -> Vec<&str> {
        parts.iter().flatten().filter(|(name, _)| *name == wanted).map(|(_, value)| *value).collect()
    };
    // Twice, it would not be clear which one was signed.
    let times = of("t");
    let [time] = times.as_slice() else { return Err(bad) };
    // Rust reads "+1" as well, which no sender writes.
    let seconds = time.parse().ok().filter(|_| !time.starts_with('+')).ok_or(bad)?;
    if !window.contains(seconds) {
        return Err(Refusal::TimestampOutsideWindow);
    }
    let signatures: Vec<_> = of("v1").into_iter().filter_map(hex).collect();
    if signatures.is_empty() {
        return Err(bad);
    }
    Ok(Claim { prefix: format!("{time}.").into_bytes(), signatures, ..Claim::default() })
}

pub(super) fn hex(text: &str) -> Option<[u8; SIGNATURE_BYTES]> {
    let digits = text.as_bytes();
    let pairs = digits.chunks_exact(2);
    let is_whole = digits.len() == 2 * SIGNATURE_BYTES && digits.iter().all(u8::is_ascii_hexdigit);
    let bytes: Option<Vec<u8>> =
        pairs.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect();
    bytes.filter(|_| is_whole)?.try_into().ok()
}
