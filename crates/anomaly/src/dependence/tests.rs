use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

use super::*;
use crate::normal::upper;

fn after(rho: f64) -> Dependence {
    let mut random = ChaCha8Rng::seed_from_u64(3);
    let (mut dependence, mut z) = (Dependence::new(), 0.0);
    for _ in 0..20_160 {
        let news: f64 = StandardNormal.sample(&mut random);
        z = rho * z + (1.0_f64 - rho * rho).sqrt() * news;
        dependence.learn(z, upper(z));
    }
    dependence
}

#[test]
fn independent_minutes_pay_nothing_and_dependent_ones_their_share() {
    let [none, some, much] = [0.0, 0.4, 0.8].map(after);
    assert!(none.temper() > 0.999 && none.follows() < 1e-9, "{none:?}");
    assert!((0.4..0.65).contains(&some.temper()), "{}", some.temper());
    assert!((0.1..0.25).contains(&much.temper()), "{}", much.temper());
    assert!(
        much.follows() > 0.1 && much.follows() > some.follows(),
        "{}",
        much.follows()
    );
}
