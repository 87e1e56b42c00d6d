//! What becomes of verdicts: lifecycle, grouping, messages, deep links
