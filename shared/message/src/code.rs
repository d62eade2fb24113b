use std::fmt;

/// Declares every code once: the variant, its printed form, and a short title that is free of data.
macro_rules! codes {
    ($($variant:ident $printed:literal $title:literal)*) => {
        /// Why a message, a webhook or a call did not end well. Numbers are never reused; docs/error-codes.md
        /// says for each what it means and what to do.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        #[non_exhaustive]
        pub enum Code { $(#[doc = $title] $variant,)* }

        impl Code {
            /// Every code, in the order of its number.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The printed form, such as `SPW2001`: stable, for attributes, logs and alarms.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $printed,)* }
            }

            /// The code of a printed form, where this version knows it.
            pub fn parse(printed: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|code| code.as_str() == printed)
            }

            /// What it means, in a few words, without any value of a message.
            pub const fn title(self) -> &'static str {
                match self { $(Self::$variant => $title,)* }
            }
        }
    };
}

codes! {
    // 1xxx: the message as it stands on the queue.
    BodyMissing "SPW1001" "the record has no body"
    BodyNotJson "SPW1002" "the body is not JSON"
    EnvelopeInvalid "SPW1003" "the body is not a CloudEvents 1.0 envelope"
    EventTypeUnknown "SPW1004" "this flow does not know the event type"
    EventTypeUnreadable "SPW1005" "the source's event says no type that can be read"
    // 2xxx: the mapping.
    FieldMissing "SPW2001" "a required field is missing"
    TypeMismatch "SPW2002" "a field has another type than the contract says"
    ValueInvalid "SPW2003" "a value cannot be converted"
    ValueUnknown "SPW2004" "a value is not in the value map"
    VersionUnsupported "SPW2005" "no mapping accepts this version of the source"
    LimitExceeded "SPW2006" "the payload exceeds a limit of the mapping"
    // 3xxx: the ledger.
    LedgerUnavailable "SPW3001" "the ledger did not answer"
    InProgressElsewhere "SPW3002" "another worker holds the claim"
    FingerprintConflict "SPW3003" "the same operation came with other content"
    LedgerItemCorrupt "SPW3004" "the ledger item cannot be read"
    ClaimLost "SPW3005" "the claim was taken over before it could be completed"
    ClockSkewed "SPW3006" "a lease ends later than any lease can: a clock is far off"
    // 4xxx: the target system.
    TargetUnreachable "SPW4001" "the target could not be reached"
    TargetFailed "SPW4002" "the target answered with a server error"
    TargetThrottled "SPW4003" "the target asks to be called later"
    OutcomeUnknown "SPW4004" "the call was sent and its outcome is unknown"
    TargetRefused "SPW4005" "the target refused the request"
    CredentialsRefused "SPW4006" "the target refused our credentials"
    ResponseUnreadable "SPW4007" "the target's answer cannot be read"
    OutOfStock "SPW4008" "the target has too little stock"
    ProductUnknown "SPW4009" "the target does not know the product"
    CurrencyUnsupported "SPW4010" "the target does not accept the currency"
    LeaseTooShort "SPW4011" "too little time is left to call the target safely"
    RecordMissing "SPW4012" "the target does not have a record that is configured"
    TargetReportsFailure "SPW4013" "the target reports a failure inside its answer"
    RelatedRecordMissing "SPW4014" "what the record refers to is not at the target yet"
    RecordClosed "SPW4015" "the target's record is past being changed by us"
    TargetMisconfigured "SPW4016" "the target lacks what the settings name"
    WindowTooLarge "SPW4017" "more happened at the source than one call reads"
    // 5xxx: the function.
    HandlerPanicked "SPW5001" "the handler panicked"
    DeadlineNear "SPW5002" "the invocation ended before this record was started"
    FollowOnNotSent "SPW5003" "the follow-on event was not accepted by its queue"
    SecretUnavailable "SPW5004" "a secret cannot be read or used"
    HeldTooLong "SPW5005" "the target was not to be called for longer than a message is held"
    GroupBlocked "SPW5006" "an earlier message of the same group failed"
    NotDueYet "SPW5007" "the operation is not due before a later time"
    // 6xxx: ingest.
    SourceUnknown "SPW6001" "no such webhook source"
    PayloadTooLarge "SPW6002" "the webhook body is too large"
    MediaTypeUnsupported "SPW6003" "the webhook body is not application/json"
    SignatureInvalid "SPW6004" "the webhook signature does not verify"
    TimestampOutsideWindow "SPW6005" "the webhook timestamp is outside the accepted window"
    RequestMalformed "SPW6006" "the webhook request is malformed"
    QueueUnavailable "SPW6007" "the queue did not accept the event"
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn printed_codes_are_unique_and_of_one_form() {
        let printed: HashSet<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(printed.len(), Code::ALL.len());
        for code in printed {
            let digits = code.strip_prefix("SPW").unwrap();
            assert!(digits.len() == 4 && digits.bytes().all(|b| b.is_ascii_digit()), "{code}");
        }
    }

    #[test]
    fn a_printed_code_is_found_again_and_an_unknown_one_is_not() {
        for code in Code::ALL {
            assert_eq!(Code::parse(code.as_str()), Some(*code));
        }
        for unknown in ["", "SPW9999", "spw1001", "SPW1001 "] {
            assert_eq!(Code::parse(unknown), None);
        }
    }

    #[test]
    fn every_code_has_a_section_in_the_documentation_and_the_other_way_round() {
        let page = include_str!("../../../docs/error-codes.md");
        let documented: Vec<_> =
            page.lines().filter_map(|line| line.strip_prefix("### ")?.split_whitespace().next()).collect();
        let defined: Vec<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(
            documented, defined,
            "docs/error-codes.md lists the codes in order, one `### SPWnnnn` each"
        );
    }
}
