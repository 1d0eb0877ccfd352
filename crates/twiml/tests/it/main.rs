//! Laws and rules seen from outside.

mod hostile;
mod rules;
