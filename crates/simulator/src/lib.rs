//! A Lambda fleet with seasons, noise and known faults, from a seed
