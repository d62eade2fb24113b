use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use ::aws::error_chain;
use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_sdk_s3::Client;
use aws_sdk_s3::config::interceptors::BeforeTransmitInterceptorContextRef;
use aws_sdk_s3::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_s3::error::BoxError;
use aws_sdk_s3::operation::get_object::GetObjectError;
use aws_sdk_s3::primitives::ByteStream;

use super::clock::wait;
use super::{failed, unavailable};
use crate::error::ReviewError;
use crate::ports::{Archive, Put};

/// Tries of a write that S3 says conflicts with another of the same key.
const TRIES: u32 = 5;
const LONGEST_WAIT_MS: u64 = 400;
/// Two bodies of an edit, in which every byte may be written as six.
const LONGEST_OBJECT: i64 = 16 << 20;

const PRECONDITION_FAILED: u16 = 412;
const CONFLICT: u16 = 409;

/// The versioned bucket in S3.
#[derive(Clone, Debug)]
pub struct S3Archive {
    client: Client,
    bucket: String,
}

impl S3Archive {
    /// By path where the endpoint is not AWS's own: a local engine has no host name for each bucket.
    pub fn connect(config: &SdkConfig, bucket: impl Into<String>) -> Self {
        let config = aws_sdk_s3::config::Builder::from(config)
            .force_path_style(config.endpoint_url().is_some())
            .build();
        Self { client: Client::from_conf(config), bucket: bucket.into() }
    }
}

#[async_trait]
impl Archive for S3Archive {
    async fn put(&self, key: &str, object: &str) -> Result<Put, ReviewError> {
        let attempts = Attempts::default();
        let mut tries = 0;
        loop {
            tries += 1;
            let request = self
                .client
                .put_object()
                .bucket(&self.bucket)
                .key(key)
                .if_none_match("*")
                .content_type("application/json")
                .body(ByteStream::from(object.as_bytes().to_vec()))
                .customize()
                .interceptor(attempts.clone());
            let Err(error) = request.send().await else { return Ok(Put::Stored) };
            match error.raw_response().map(|response| response.status().as_u16()) {
                // It may be our own, whose answer was lost.
                Some(PRECONDITION_FAILED) if attempts.count() > 1 => {
                    let ours = self.get(key).await?.is_some_and(|there| there == object);
                    return Ok(if ours { Put::Stored } else { Put::There });
                }
                Some(PRECONDITION_FAILED) => return Ok(Put::There),
                Some(CONFLICT) if tries < TRIES => {
                    wait(Duration::from_millis(fastrand::u64(0..LONGEST_WAIT_MS))).await;
                }
                _ => return Err(failed("PutObject", &error)),
            }
        }
    }

    /// S3 says that there is nothing only to who may list the bucket, to others that they may not.
    async fn get(&self, key: &str) -> Result<Option<String>, ReviewError> {
        const OPERATION: &str = "GetObject";
        let output = match self.client.get_object().bucket(&self.bucket).key(key).send().await {
            Ok(output) => output,
            Err(error) if error.as_service_error().is_some_and(GetObjectError::is_no_such_key) => {
                return Ok(None);
            }
            Err(error) => return Err(failed(OPERATION, &error)),
        };
        let corrupt = || ReviewError::Corrupt { key: key.to_owned(), attribute: "object" };
        if output.content_length.is_some_and(|length| length > LONGEST_OBJECT) {
            return Err(corrupt());
        }
        let body = output.body.collect().await;
        let body = body.map_err(|error| unavailable(OPERATION, error_chain(&error)))?;
        String::from_utf8(body.to_vec()).map(Some).map_err(|_| corrupt())
    }

    async fn keys(
        &self,
        prefix: &str,
        after: Option<String>,
    ) -> Result<(Vec<String>, Option<String>), ReviewError> {
        let request = self.client.list_objects_v2().bucket(&self.bucket).prefix(prefix);
        let output = request.set_continuation_token(after).send().await;
        let output = output.map_err(|error| failed("ListObjectsV2", &error))?;
        let keys = output.contents.unwrap_or_default().into_iter().filter_map(|object| object.key);
        Ok((keys.collect(), output.next_continuation_token))
    }

    async fn delete(&self, key: &str) -> Result<(), ReviewError> {
        let answer = self.client.delete_object().bucket(&self.bucket).key(key).send().await;
        answer.map(drop).map_err(|error| failed("DeleteObject", &error))
    }
}

/// How often a request was sent: the SDK sends it again by itself, also where the first may have arrived.
#[derive(Clone, Debug, Default)]
struct Attempts(Arc<AtomicU32>);

impl Attempts {
    fn count(&self) -> u32 {
        self.0.load(Ordering::SeqCst)
    }
}

impl Intercept for Attempts {
    fn name(&self) -> &'static str {
        "attempts"
    }

    fn read_before_attempt(
        &self,
        _: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        self.0.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }
}
