//! Reading values from the bytes that bincode writes: the reading half of the format, of our own.
//!
//! The bytes are untrusted, and every host reads them. bincode's reader brings its own long list of errors into each of the many
//! readers that are made from it, an eighth of the module; this one has a sentence and a place. It refuses what bincode refuses,
//! which a test holds it to, and lists that cannot be as long as they say.

use std::fmt::Display;

use serde::de::value::U32Deserializer;
use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, Error, Expected, IntoDeserializer, SeqAccess,
    Unexpected, VariantAccess, Visitor,
};

/// What is wrong.
#[derive(Debug)]
pub(super) struct Fault(&'static str);

impl Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for Fault {}

impl Error for Fault {
    fn custom<T: Display>(_: T) -> Fault {
        Fault("a value that does not fit those before it")
    }

    // serde would put together sentences of these, and with them every kind of value's printing.
    fn invalid_type(_: Unexpected<'_>, _: &dyn Expected) -> Fault {
        Fault("a value of another type")
    }

    fn invalid_value(_: Unexpected<'_>, _: &dyn Expected) -> Fault {
        Fault("a variant that this build does not know")
    }

    fn invalid_length(_: usize, _: &dyn Expected) -> Fault {
        Fault("a list of another length")
    }
}

/// Reads one value. With it, or with what is wrong, how many bytes were read.
pub(super) fn decode<T: DeserializeOwned>(bytes: &[u8]) -> (Result<T, Fault>, usize) {
    let mut reader = Reader { rest: bytes };
    let value = T::deserialize(&mut reader);
    (value, bytes.len() - reader.rest.len())
}

struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8], Fault> {
        let (taken, rest) = self.rest.split_at_checked(length).ok_or(Fault("the section's end within a value"))?;
        self.rest = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Fault> {
        let (taken, rest) = self.rest.split_first_chunk().ok_or(Fault("the section's end within a value"))?;
        self.rest = rest;
        Ok(*taken)
    }

    /// A whole number of at most so many bytes: itself up to 250, else the mark of a width and the number in that width.
    fn whole(&mut self, most: usize) -> Result<u64, Fault> {
        let [first] = self.array()?;
        let width = match first {
            0..=250 => return Ok(u64::from(first)),
            251 => 2,
            252 => 4,
            253 => 8,
            254 | 255 => 16,
        };
        if width > most {
            return Err(Fault("a number too large for its place"));
        }
        let mut wide = [0; 8];
        wide[..width].copy_from_slice(self.take(width)?);
        Ok(u64::from_le_bytes(wide))
    }

    /// A whole number with a sign: the even ones stand for 0, 1, 2, and the odd ones for -1, -2.
    fn signed(&mut self, most: usize) -> Result<i64, Fault> {
        let folded = self.whole(most)?;
        Ok((folded >> 1).cast_signed() ^ -(folded & 1).cast_signed())
    }

    /// The length of what follows, each part of which takes at least a byte.
    fn length(&mut self) -> Result<usize, Fault> {
        let length = usize::try_from(self.whole(8)?).ok();
        length.filter(|length| *length <= self.rest.len()).ok_or(Fault("a length beyond the section's end"))
    }

    fn text(&mut self) -> Result<&'a str, Fault> {
        let length = self.length()?;
        std::str::from_utf8(self.take(length)?).map_err(|_| Fault("a text that is not UTF-8"))
    }
}

/// Numbers within their width, which `whole` and `signed` have seen to.
macro_rules! numbers {
    ($($method:ident $visit:ident $number:ty, $read:ident;)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
            let number = self.$read(size_of::<$number>())?;
            visitor.$visit(<$number>::try_from(number).map_err(|_| Fault("a number too large for its place"))?)
        })*
    };
}

/// What no part of a bundle is made of.
macro_rules! never {
    ($($method:ident)*) => {
        $(fn $method<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Fault> {
            Err(Fault("a kind of value that bundles do not have"))
        })*
    };
}

impl<'de> Deserializer<'de> for &mut Reader<'_> {
    type Error = Fault;

    numbers! {
        deserialize_u16 visit_u16 u16, whole;
        deserialize_u32 visit_u32 u32, whole;
        deserialize_u64 visit_u64 u64, whole;
        deserialize_i16 visit_i16 i16, signed;
        deserialize_i32 visit_i32 i32, signed;
        deserialize_i64 visit_i64 i64, signed;
    }

    never! {
        deserialize_any deserialize_char deserialize_bytes deserialize_byte_buf deserialize_map deserialize_identifier
        deserialize_ignored_any deserialize_i8 deserialize_i128 deserialize_u128 deserialize_unit
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.array()? {
            [0] => visitor.visit_bool(false),
            [1] => visitor.visit_bool(true),
            _ => Err(Fault("neither true nor false")),
        }
    }

    fn deserialize_u8<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        let [byte] = self.array()?;
        visitor.visit_u8(byte)
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_f32(f32::from_le_bytes(self.array()?))
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_f64(f64::from_le_bytes(self.array()?))
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_str(self.text()?)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_str(self.text()?)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.array()? {
            [0] => visitor.visit_none(),
            [1] => visitor.visit_some(self),
            _ => Err(Fault("neither something nor nothing")),
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        let left = self.length()?;
        visitor.visit_seq(Parts { reader: self, left })
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, left: usize, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_seq(Parts { reader: self, left })
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        left: usize,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        visitor.visit_seq(Parts { reader: self, left })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        visitor.visit_seq(Parts { reader: self, left: fields.len() })
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_unit()
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        visitor.visit_enum(self)
    }

    fn is_human_readable(&self) -> bool {
        false
    }
}

/// The parts of a list, a tuple or a struct.
struct Parts<'r, 'a> {
    reader: &'r mut Reader<'a>,
    left: usize,
}

impl<'de> SeqAccess<'de> for Parts<'_, '_> {
    type Error = Fault;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Fault> {
        if self.left == 0 {
            return Ok(None);
        }
        self.left -= 1;
        seed.deserialize(&mut *self.reader).map(Some)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.left)
    }
}

impl<'de> EnumAccess<'de> for &mut Reader<'_> {
    type Error = Fault;
    type Variant = Self;

    fn variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<(T::Value, Self), Fault> {
        let index = u32::try_from(self.whole(4)?).map_err(|_| Fault("a number too large for its place"))?;
        let index: U32Deserializer<Fault> = index.into_deserializer();
        Ok((seed.deserialize(index)?, self))
    }
}

impl<'de> VariantAccess<'de> for &mut Reader<'_> {
    type Error = Fault;

    fn unit_variant(self) -> Result<(), Fault> {
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Fault> {
        seed.deserialize(self)
    }

    fn tuple_variant<V: Visitor<'de>>(self, left: usize, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_seq(Parts { reader: self, left })
    }

    fn struct_variant<V: Visitor<'de>>(self, fields: &'static [&'static str], visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_seq(Parts { reader: self, left: fields.len() })
    }
}
