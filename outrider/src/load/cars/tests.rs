use std::time::Duration;

use super::*;

fn arrival(index: u64, operation: Operation) -> Arrival {
    Arrival {
        index,
        at: Duration::ZERO,
        operation,
        draw: 41,
    }
}

#[test]
fn what_is_read_is_never_deleted_and_what_is_made_is_known_until_it_is_gone() {
    let cars = Cars::of("r1");
    for number in 0..STOCK {
        cars.stock(number);
    }
    let create = cars.call(&arrival(0, Operation::Create));
    assert_eq!(create.car.as_deref(), Some("load-r1-0"));
    assert_eq!(
        cars.left().len(),
        21,
        "known before it is sent: the answer may get lost"
    );

    let early = cars.call(&arrival(1, Operation::Delete));
    assert_eq!(
        (early.operation, early.car.as_deref()),
        (Operation::Read, Some("load-r1-s1"))
    );
    cars.done(&create);
    let delete = cars.call(&arrival(2, Operation::Delete));
    assert_eq!(
        (delete.operation, &delete.car),
        (Operation::Delete, &create.car)
    );
    cars.done(&delete);
    assert_eq!(cars.left().len(), 20);
    for operation in [Operation::Read, Operation::Update, Operation::Patch] {
        let call = cars.call(&arrival(3, operation));
        assert!(
            cars.left().contains(call.car.as_ref().unwrap()),
            "{operation:?}"
        );
    }
    assert_eq!(cars.call(&arrival(4, Operation::List)).car, None);
}
