//! JSON log lines through `tracing`, redacted.
