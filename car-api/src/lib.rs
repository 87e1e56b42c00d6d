//! Lambda function: the inventory of autonomous robot cars
