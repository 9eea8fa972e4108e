//! The bundle that the browser tests open is the one of `tests/native/support.rs`: packing is native, so it stands as a file.

use crate::support;

#[test]
fn the_browser_tests_bundle_is_todays() {
    let path = "tests/web/small.curb.raw";
    let today = support::bundle(support::ensemble()).to_bytes().unwrap();
    if std::fs::read(path).ok().as_deref() == Some(&today) {
        return;
    }
    if std::env::var_os("CURBSIDE_BLESS").is_some() {
        std::fs::write(path, today).unwrap();
    }
    panic!(
        "{path} is not what tests/native/support.rs makes: run once with CURBSIDE_BLESS=1, look at the change, run again"
    );
}
