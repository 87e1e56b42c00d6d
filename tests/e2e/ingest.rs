//! What log-processor could not write: its shipped binary on a store that fails, and `outrider ingest --from-dlq` on
//! the destination where Lambda put the record.

mod replay;
mod world;
