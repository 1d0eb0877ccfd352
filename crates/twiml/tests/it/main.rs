//! Laws and rules seen from outside.

mod hostile;
mod node;
mod rules;
