//! What holds for any number, order and damage.

use proptest::prelude::*;

use super::*;

proptest! {
    #[test]
    fn numbers_are_read_to_the_last_bit(value in any::<f64>().prop_filter("finite", |v| v.is_finite())) {
        let message = with_value(&serde_json::to_string(&value).unwrap());
        let document = decode(&message, EVENT).unwrap().unwrap();
        let (_, observations) = document.data().next().unwrap();
        prop_assert_eq!(observations, &[Observation::Value { value: value + 0.0, weight: 1 }]);
    }

    #[test]
    fn any_damage_is_a_reason_or_an_ordinary_line_and_never_a_panic(at in 0_usize..300, with in any::<char>()) {
        let message = with_dimension("\"v\"");
        let cut: String = message.chars().take(at % message.len()).collect();
        let rest: String = message.chars().skip(at % message.len() + 1).collect();
        let _ = decode(&format!("{cut}{with}{rest}"), EVENT);
        let _ = decode(&cut, EVENT);
    }

    #[test]
    fn members_may_come_in_any_order(order in Just(vec![0, 1, 2, 3]).prop_shuffle()) {
        let members = [
            format!(r#""_aws":{{"Timestamp":{EVENT},"CloudWatchMetrics":[{{"Namespace":"N","Dimensions":[["d"]],"Metrics":[{{"Name":"M"}}]}}]}}"#),
            r#""M":[1,2]"#.to_owned(),
            r#""d":"v""#.to_owned(),
            r#""other":{"a":[null]}"#.to_owned(),
        ];
        let body: Vec<_> = order.iter().map(|i| members[*i].as_str()).collect();
        prop_assert_eq!(read(&format!("{{{}}}", body.join(","))), ["emf/N/M{d=v} 1 2"]);
    }
}
