//! Lambda function: log batches in, rollups out
