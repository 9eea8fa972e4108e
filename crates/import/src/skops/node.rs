//! Nodes of a skops schema: each a Python object with its class, and how it was written down.

use crate::error::ImportError;
use crate::value::{Fields, Value, json};

/// A Python object.
pub(super) struct Node<'a> {
    fields: Fields<'a>,
}

impl<'a> Node<'a> {
    pub(super) fn new(value: &'a Value, path: &str) -> Result<Node<'a>, ImportError> {
        Ok(Node { fields: Fields::of(value, path)? })
    }

    pub(super) fn fail(&self, expected: impl Into<String>, found: impl AsRef<str>) -> ImportError {
        ImportError::at(self.fields.place(), expected, found)
    }

    /// Module and class, such as `lightgbm.sklearn.LGBMRegressor`.
    pub(super) fn class(&self) -> Result<String, ImportError> {
        Ok(format!("{}.{}", self.fields.text("__module__")?, self.fields.text("__class__")?))
    }

    /// The attributes of an object or the values of a dictionary, still nodes.
    pub(super) fn members(&self) -> Result<Fields<'a>, ImportError> {
        match self.fields.text("__loader__")? {
            "ObjectNode" => Node { fields: self.fields.object("content")? }.members(),
            "DictNode" => self.fields.object("content"),
            other => Err(self.fail("an object or a dictionary of skops", other)),
        }
    }

    /// The node of an attribute.
    pub(super) fn member(&self, name: &str) -> Result<Node<'a>, ImportError> {
        Ok(Node { fields: self.members()?.object(name)? })
    }

    /// The nodes of a list or tuple.
    pub(super) fn items(&self) -> Result<Vec<Node<'a>>, ImportError> {
        let loader = self.fields.text("__loader__")?;
        if !["ListNode", "TupleNode"].contains(&loader) {
            return Err(self.fail("a list or tuple of skops", loader));
        }
        let path = self.fields.path("content");
        let item = |(index, value)| Node::new(value, &format!("{path}[{index}]"));
        self.fields.list("content")?.iter().enumerate().map(item).collect()
    }

    /// A text, number or null, which skops writes as JSON within the JSON.
    pub(super) fn plain(&self) -> Result<Value, ImportError> {
        match self.fields.text("__loader__")? {
            "JsonNode" => {
                let text = self.fields.text("content")?;
                json(text.as_bytes()).map_err(|fault| self.fail("JSON", fault.to_string()))
            }
            other => Err(self.fail("a plain value of skops", other)),
        }
    }

    /// The zip's entry that holds an array of bytes.
    pub(super) fn file(&self) -> Result<&'a str, ImportError> {
        match self.fields.text("__loader__")? {
            "BytearrayNode" | "BytesNode" => self.fields.text("file"),
            other => Err(self.fail("bytes of skops", other)),
        }
    }
}
