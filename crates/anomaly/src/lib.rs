//! Numbers in, verdicts out: models of what is normal
