//! One message that may be a metric document.
#![no_main]

use extraction::{Reader, Skip};
use fuzz::{agree, wrap};
use libfuzzer_sys::fuzz_target;
use signals::{Rollup, emf};

fuzz_target!(|message: &str| {
    if let Ok(Some(document)) = emf::decode(message, wrap::MILLIS) {
        let minutes = document.minute().start_millis() - wrap::MILLIS;
        assert!((-emf::MAX_AGE_MILLIS - 60_000..=emf::MAX_LEAD_MILLIS).contains(&minutes));
        for (series, (key, observations)) in document.data().enumerate() {
            assert!(series < emf::MAX_SERIES);
            agree::named(&key);
            let mut rollup = Rollup::default();
            let mut samples = 0_u64;
            for observation in observations {
                observation.add_to(&mut rollup);
                samples = samples.saturating_add(observation.samples());
            }
            assert_eq!(rollup.count(), samples);
            agree::numbers(&rollup);
        }
    }
    let mut reader = Reader::default();
    let text = wrap::document(0, [message; 3], wrap::Escapes::Few, wrap::Order::Usual);
    agree::check(
        &mut reader,
        &wrap::payload(text.as_bytes()),
        &agree::rules(255),
        &Skip::new(),
    );
});
