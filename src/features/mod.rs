//! The feature logic: from a [`Trip`](crate::trip::Trip) to the row of numbers that a model reads.
//!
//! It is data and not code: a [`FeatureSpec`] inside the bundle lists named columns, each computed by one expression of
//! a small closed set, and [`Encoder`] freezes it. The same encoder runs in training, in batch and at the edge, so there
//! is no skew to have between what a model learnt and what it is asked.
//!
//! - [`FeatureSpec`]: the expressions and columns, stored and edited. [`Expr`], [`Column`].
//! - [`Table`]: statistics that an expression looks up.
//! - [`Calendar`]: time zone and holidays, as data. [`LocalTime`].
//! - [`Zones`]: the places of a city. [`Zone`].
//! - [`ZonePairs`]: which pairs of zones the training rides covered.
//! - [`Encoder`]: all of these, checked and frozen. [`Ride`]: a trip with everything it left open settled.

mod calendar;
mod encoder;
mod family;
mod frozen_calendar;
mod geometry;
mod pairs;
mod spec;
mod table;
mod zones;

pub use calendar::{Calendar, HolidayRule, LocalTime, Switch, TimeZoneRule};
pub use encoder::{Encoder, Ride};
pub(crate) use family::{FAMILIES, Family, Keys};
pub use pairs::ZonePairs;
pub use spec::{
    CalendarPart, Column, DistanceEstimate, End, Expr, FeatureSpec, MAX_NODES, NodeId, SpecError, ZoneAttribute,
};
pub use table::Table;
pub use zones::{Centre, Zone, Zones};
