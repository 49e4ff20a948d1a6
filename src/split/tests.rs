//! Tests of the split plan.
