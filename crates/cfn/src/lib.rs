//! CloudFormation templates: read, asked about, changed, evaluated. Pure: text in, values and text out.
//!
//! A template is read from YAML or JSON into [`serde_json::Value`], with the short forms of functions (`!Ref`, `!Sub`,
//! …) written out as CloudFormation itself does. Then it can be asked which resources it has and what refers to them,
//! changed so that a smaller template comes out (resources dropped, references replaced, what nothing needs pruned),
//! and evaluated: what a property is when the parameters are these.
//!
//! ```
//! let template = cfn::Template::from_yaml(
//!     "Resources: {Queue: {Type: 'AWS::SQS::Queue', Properties: {QueueName: !Sub '${AWS::StackName}-work'}}}",
//! )?;
//! assert_eq!(template.of_type("AWS::SQS::Queue").count(), 1);
//! # Ok::<(), cfn::ReadError>(())
//! ```

mod change;
mod evaluate;
mod read;
mod reference;
mod template;
mod yaml;

pub use change::ChangeError;
pub use evaluate::{EvaluateError, Stack};
pub use read::ReadError;
pub use reference::{Reference, Role};
pub use template::{Resource, Template};
