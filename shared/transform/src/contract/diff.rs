//! What changed between two versions of a contract, in words.
