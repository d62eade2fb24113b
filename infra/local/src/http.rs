/// An HTTP client for loopback: no proxy, and the process's one TLS provider named, without which none can be built.
#[expect(clippy::expect_used, reason = "a client without options that can fail")]
pub fn client() -> reqwest::Client {
    // Already installed is fine: there is one provider in the process either way.
    drop(rustls::crypto::ring::default_provider().install_default());
    reqwest::Client::builder().no_proxy().build().expect("an HTTP client")
}

/// Whether there is an answer, and a good one.
pub(crate) async fn succeeds(request: reqwest::RequestBuilder) -> bool {
    request.send().await.is_ok_and(|answer| answer.status().is_success())
}
