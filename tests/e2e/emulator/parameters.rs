//! Parameters that cannot be.

use e2e::emulator::stack::Deployer;

/// Nothing is created, and what is said names the parameter and the fix.
pub(super) fn a_wrong_parameter_is_refused_by_name(deployer: &Deployer) {
    for (what, parameters, said) in [
        ("a missing one", vec![("Environment", "test")], "Owner"),
        (
            "one out of its pattern",
            vec![("Environment", "Test 1"), ("Owner", "team-cars")],
            "Environment: 2 to 20 small letters",
        ),
        (
            "one that contradicts another",
            vec![
                ("Environment", "prod"),
                ("Owner", "team-cars"),
                ("FaultInjection", "enabled"),
            ],
            "FaultInjection must be disabled when Environment is prod",
        ),
    ] {
        let refused = deployer.deploy("refused", &parameters).unwrap_err();
        assert!(refused.contains(said), "{what}: {refused}");
    }
}
