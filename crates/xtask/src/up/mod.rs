//! up
use crate::project::Project;
use anyhow::Result;
pub(crate) fn run(project: &Project, _arguments: lexopt::Parser) -> Result<()> {
    crate::wasm::build(project)
}
