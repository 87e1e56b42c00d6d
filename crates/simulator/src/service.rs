//! The names of the simulated service, in one place.

use crate::Operation;

/// What the service and its series are called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// CloudWatch namespace of its EMF metrics.
    pub namespace: String,
    /// Value of the dimension `service`.
    pub name: String,
    /// The Lambda function.
    pub function: String,
    /// Route templates in the order of [`Operation::ALL`]: values of the dimension `route`.
    pub routes: [String; 6],
    /// Memory configured for the function, megabytes.
    pub memory_size_mb: u32,
    /// How many cars there are to read and change; see [`crate::Request::car`].
    pub inventory: u32,
}

impl Service {
    /// The route template of an operation.
    #[must_use]
    pub fn route(&self, operation: Operation) -> &str {
        &self.routes[operation as usize]
    }
}

impl Default for Service {
    /// The car API as it is deployed: namespace and service `CarManager`, function `car-api`.
    fn default() -> Self {
        Self {
            namespace: "CarManager".to_owned(),
            name: "CarManager".to_owned(),
            function: "car-api".to_owned(),
            routes: [
                "POST /cars",
                "GET /cars/{car_id}",
                "GET /cars",
                "PUT /cars/{car_id}",
                "PATCH /cars/{car_id}",
                "DELETE /cars/{car_id}",
            ]
            .map(str::to_owned),
            memory_size_mb: 256,
            inventory: 48,
        }
    }
}
