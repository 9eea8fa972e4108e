//! The `.curb` bundle: everything that one model needs to score a ride, in one file.
//!
//! The bytes are untrusted. Opening them never panics, never allocates by a length that was not checked, and always
//! validates; what it returns can be scored without a further check. `docs/format.md` describes every byte.
//!
//! - [`Bundle`]: the parts, stored and edited. [`Card`]: where they come from. [`GoldenRide`]: what they must answer.
//! - [`Limits`]: what opening may cost. [`OpenError`]: who deployed these bytes, and what is wrong with them.
//! - [`Header`]: the first 48 bytes. [`Section`]: the parts of the body.

mod background;
mod card;
mod codec;
mod decode;
mod ensemble;
mod error;
mod header;
mod stored;

pub use card::{BoroughError, Card, DroppedRows, IntervalMetrics, Metrics, Month};
pub use error::{OpenError, OpenErrorKind};
pub use header::{FORMAT_VERSION, HEADER_BYTES, Header, MAGIC, OLDEST_VERSION, Section};

use serde::{Deserialize, Serialize};

use crate::features::{FeatureSpec, ZonePairs, Zones};
use crate::model::{Background, Calibration, Model, Target, TreeShape};
use background::StoredBackground;
use stored::{StoredCalibration, StoredModel};

/// What opening a bundle may cost.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of the opened bundle.
    pub bytes: usize,
    /// Columns of the feature row.
    pub columns: usize,
    /// Keys of all tables.
    pub table_keys: usize,
    /// Golden rides.
    pub golden: usize,
    /// Trees, nodes and depth of each model.
    pub shape: TreeShape,
}

impl Default for Limits {
    /// 16 MiB, 128 columns, 262,144 keys of tables, 1,024 golden rides; 16,384 trees of 1,048,576 nodes in all, 1,024 deep.
    fn default() -> Limits {
        Limits {
            bytes: 16 << 20,
            columns: 128,
            table_keys: 1 << 18,
            golden: 1024,
            shape: TreeShape { trees: 1 << 14, nodes: 1 << 20, depth: 1 << 10 },
        }
    }
}

/// A ride and the bits that the model must answer it with: every host checks them when it opens the bundle.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct GoldenRide {
    /// Pickup zone.
    pub pu_location_id: u16,
    /// Drop-off zone.
    pub do_location_id: u16,
    /// Miles, if given.
    pub trip_distance: Option<f64>,
    /// Wall time of the pickup, in minutes since 1970-01-01T00:00.
    pub pickup_minutes: i64,
    /// `f64::to_bits` of the estimate.
    pub duration_bits: u64,
    /// `f64::to_bits` of the interval's lower and upper end, where the model has an interval.
    pub interval_bits: Option<[u64; 2]>,
}

/// The parts of a bundle.
#[derive(Clone, Debug, PartialEq)]
pub struct Bundle {
    /// Where the model comes from and how good it is.
    pub card: Card,
    /// What its number means.
    pub target: Target,
    /// The feature logic.
    pub features: FeatureSpec,
    /// The places.
    pub zones: Zones,
    /// The zone pairs of the training rides.
    pub pairs: ZonePairs,
    /// The model.
    pub model: Model,
    /// What explanations compare with; `None` for a model that came without it.
    pub background: Option<Background>,
    /// What was learnt about it afterwards.
    pub calibration: Calibration,
    /// Rides with known answers.
    pub golden: Vec<GoldenRide>,
}

/// The size of one section, for `inspect`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SectionSize {
    /// Which.
    pub section: Section,
    /// Bytes, before the gzip of the whole.
    pub bytes: usize,
}

impl Bundle {
    /// Reads a bundle (the gzip around the stored object already taken off).
    ///
    /// Natively the digest is checked too; in wasm the JavaScript face does that with WebCrypto before it calls.
    /// Whether the parts fit each other is for [`Estimator::from_bundle`](crate::Estimator::from_bundle) to say.
    ///
    /// # Errors
    ///
    /// [`OpenError`] with the section, what was expected and what was found.
    ///
    /// # Panics
    ///
    /// Never, for any input.
    pub fn from_bytes(bytes: &[u8], limits: &Limits) -> Result<Bundle, OpenError> {
        let body = header::Body::open(bytes, limits)?;
        let model: StoredModel = codec::decode(body.section(Section::Model)?)?;
        let background = body.optional(Section::Background).map(codec::decode::<StoredBackground>).transpose()?;
        let calibration: StoredCalibration = codec::decode(body.section(Section::Calibration)?)?;
        // Before the model, whose streams it leans on, is put together.
        let background = background.map(|stored| stored.into_background(&model, limits)).transpose();
        Ok(Bundle {
            card: codec::decode(body.section(Section::Card)?)?,
            target: codec::decode(body.section(Section::Target)?)?,
            features: codec::decode(body.section(Section::Features)?)?,
            zones: codec::decode(body.section(Section::Zones)?)?,
            pairs: codec::decode(body.section(Section::Pairs)?)?,
            model: model.into_model(limits).map_err(|fault| OpenError::invalid(Section::Model, fault))?,
            background: background.map_err(|fault| OpenError::invalid(Section::Background, fault))?,
            calibration: calibration
                .into_calibration(limits)
                .map_err(|fault| OpenError::invalid(Section::Calibration, fault))?,
            golden: codec::decode(body.section(Section::Golden)?)?,
        })
    }

    /// Writes the bundle: the same parts give the same bytes.
    ///
    /// # Errors
    ///
    /// A sentence, if a part is larger than the format can say.
    #[cfg(not(target_arch = "wasm32"))]
    pub fn to_bytes(&self) -> Result<Vec<u8>, String> {
        let model = StoredModel::from_model(&self.model)?;
        let calibration = StoredCalibration::from_calibration(&self.calibration)?;
        let background = self.background.as_ref().map(|known| StoredBackground::from_background(known, &model));
        let mut sections = vec![
            (Section::Card, codec::encode(&self.card)?),
            (Section::Target, codec::encode(&self.target)?),
            (Section::Features, codec::encode(&self.features)?),
            (Section::Zones, codec::encode(&self.zones)?),
            (Section::Pairs, codec::encode(&self.pairs)?),
            (Section::Model, codec::encode(&model)?),
        ];
        if let Some(background) = background {
            sections.push((Section::Background, codec::encode(&background)?));
        }
        sections.push((Section::Calibration, codec::encode(&calibration)?));
        sections.push((Section::Golden, codec::encode(&self.golden)?));
        header::write(&sections)
    }

    /// The sections of a bundle and their sizes.
    ///
    /// # Errors
    ///
    /// As [`from_bytes`](Bundle::from_bytes), for the header alone.
    pub fn sizes(bytes: &[u8], limits: &Limits) -> Result<Vec<SectionSize>, OpenError> {
        let body = header::Body::open(bytes, limits)?;
        Ok(body.sections().map(|found| SectionSize { section: found.section, bytes: found.bytes.len() }).collect())
    }
}
