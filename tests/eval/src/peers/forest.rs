//! The random cut forest (Guha et al. 2016), as the crate `krcf` has it.

use krcf::{RandomCutForest, RandomCutForestOptions};

use super::Detector;
use crate::data::Row;

/// 50 trees of 256 points.
#[derive(Debug)]
pub(super) struct Forest(RandomCutForest);

impl Forest {
    pub(super) fn new(shingle: usize) -> Self {
        let options = RandomCutForestOptions {
            dimensions: 1,
            shingle_size: shingle,
            num_trees: Some(50),
            sample_size: Some(256),
            random_seed: Some(1),
            parallel_execution_enabled: Some(false),
            ..RandomCutForestOptions::default()
        };
        match RandomCutForest::new(options) {
            Ok(forest) => Self(forest),
            Err(error) => panic!("the forest refuses constants that it documents: {error:?}"),
        }
    }
}

impl Detector for Forest {
    fn step(&mut self, row: Row) -> f64 {
        let Some(value) = row.value else { return 0.0 };
        // It works with single precision.
        let point = [value as f32];
        let score = self.0.score(&point).unwrap_or(0.0);
        // What it refuses to learn (an infinity) it has at least scored.
        let _ = self.0.update(&point);
        score
    }
}
