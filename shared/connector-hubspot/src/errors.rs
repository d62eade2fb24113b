use message::Code;
use outbound::CallError;

/// What HubSpot's documentation says of a status that HTTP does not: nothing is wrong with the request.
pub(crate) fn explain(error: CallError) -> CallError {
    let CallError::Refused(refusal) = &error else { return error };
    let code = match refusal.status {
        // Locked for some seconds while much of it is being changed.
        423 => Code::TargetThrottled,
        // The account is moving between HubSpot's data centres, for up to a day.
        477 => Code::TargetFailed,
        _ => return error,
    };
    CallError::NotNow { code, after: None }
}

#[cfg(test)]
mod tests {
    use outbound::Refusal;

    use super::*;

    fn answered(status: u16) -> CallError {
        explain(CallError::Refused(Refusal { status, ..Refusal::new(Code::TargetRefused, "$", "no") }))
    }

    #[test]
    fn a_lock_and_a_migration_are_waited_for_and_other_refusals_are_final() {
        assert_eq!(answered(423), CallError::NotNow { code: Code::TargetThrottled, after: None });
        assert_eq!(answered(477), CallError::NotNow { code: Code::TargetFailed, after: None });
        for status in [400, 404, 414] {
            assert!(matches!(answered(status), CallError::Refused(_)), "{status}");
        }
    }
}
