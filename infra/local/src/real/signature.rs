//! Signatures as sources make them, for what they do not send themselves: a delivery that is replayed, and the events of a
//! loader of our own.

use anyhow::{Context, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Of Standard Webhooks 1.0: the value of `webhook-signature`. The secret is `whsec_` and base64.
pub fn standard_webhook(secret: &str, id: &str, seconds: i64, body: &str) -> Result<String> {
    let key = STANDARD.decode(secret.trim_start_matches("whsec_")).context("the secret of a webhook")?;
    Ok(format!("v1,{}", STANDARD.encode(hmac(&key, &format!("{id}.{seconds}.{body}"))?)))
}

/// Stripe's way, and BottleCRM's: the whole secret is the key.
pub fn timed(secret: &str, seconds: i64, body: &str) -> Result<String> {
    let signature = hmac(secret.as_bytes(), &format!("{seconds}.{body}"))?;
    let hex: String = signature.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(format!("t={seconds},v1={hex}"))
}

fn hmac(key: &[u8], text: &str) -> Result<Vec<u8>> {
    let hmac = Hmac::<Sha256>::new_from_slice(key).context("the secret of a webhook")?;
    Ok(hmac.chain_update(text).finalize().into_bytes().to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of standardwebhooks.com.
    #[test]
    fn a_standard_webhook_is_signed_as_its_published_example() {
        let body = r#"{"test": 2432232314}"#;
        let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        let signature =
            standard_webhook(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, body).unwrap();
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn a_timed_signature_is_hexadecimal_over_time_and_body() {
        // printf '7.{}' | openssl dgst -sha256 -hmac whsec_1
        let expected = "t=7,v1=dad1a59274d1e0f68e3998ac06b95bdea2cda3327ff6fd96e8889ee4cc859c5b";
        assert_eq!(timed("whsec_1", 7, "{}").unwrap(), expected);
    }
}
