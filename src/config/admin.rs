//! `[admin]`: the HTTP service.

use super::model::Admin;
use super::reader::Section;
use super::text;

pub(super) fn admin(root: &Section<'_, '_>) -> Admin {
    let mut admin = Admin { address: None };
    let Some(section) = root.section("admin") else { return admin };
    if let Some(address) = section.string("address") {
        match text::host_port(&address.value, None) {
            Ok(_) => admin.address = Some(address.value),
            Err(why) => section.report(address.at, format!("{why}; write \"127.0.0.1:3308\"")),
        }
    }
    section.finish();
    admin
}
