//! Lambda function: rollups and metrics in, incidents and messages out
