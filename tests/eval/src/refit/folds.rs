//! Dealing files into five heaps.

use rand::SeedableRng as _;
use rand::seq::SliceRandom as _;
use rand_chacha::ChaCha8Rng;

/// How many.
pub(crate) const FOLDS: usize = 5;

/// The places of the files of each heap, sorted; always the same ones for a seed.
pub(crate) fn folds(files: usize, seed: u64) -> [Vec<usize>; FOLDS] {
    let mut places: Vec<usize> = (0..files).collect();
    places.shuffle(&mut ChaCha8Rng::seed_from_u64(seed));
    let mut heaps: [Vec<usize>; FOLDS] = Default::default();
    for (turn, place) in places.into_iter().enumerate() {
        heaps[turn % FOLDS].push(place);
    }
    for heap in &mut heaps {
        heap.sort_unstable();
    }
    heaps
}

#[test]
fn every_file_is_in_one_fold_and_a_seed_deals_the_same_again() {
    let dealt = folds(58, 3);
    let mut all: Vec<usize> = dealt.concat();
    all.sort_unstable();
    assert_eq!(all, (0..58).collect::<Vec<_>>());
    assert!(dealt.iter().all(|fold| (11..=12).contains(&fold.len())));
    assert_eq!(dealt, folds(58, 3));
    assert_ne!(dealt, folds(58, 4));
}
