//! A folder of broken files, each with its complaints beside it.

use std::{fs, path::Path};

use dbvitals::config::Fallback;

use crate::fixture::given;

#[test]
fn every_broken_file_is_refused_with_its_complaints() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/invalid_configs");
    let mut names = Vec::new();
    for entry in fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        match name.rsplit_once('.').unwrap() {
            (_, "toml") => names.push(name),
            (stem, "txt") => assert!(folder.join(format!("{stem}.toml")).exists(), "{name}"),
            _ => panic!("{name} is neither .toml nor .txt"),
        }
    }
    assert!(names.len() >= 10, "{names:?}");
    for name in names {
        let expected = fs::read_to_string(folder.join(&name).with_extension("txt")).unwrap();
        let given = given().flags(|flags| flags.config = Some(name.clone().into()));
        let complaints = given.load_in(&folder, Fallback::Refuse).unwrap_err();
        assert_eq!(format!("{complaints}\n"), expected, "{name}");
    }
}
