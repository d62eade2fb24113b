//! The templates as they are and with a new integration.

use std::path::{Path, PathBuf};

use alarms::{Application, Parameters};
use new_integration::{Integration, Wish};

pub(crate) const STACK: &str = "shop";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// With this said otherwise in every template.
pub(crate) fn with(with_new: bool, from: &str, to: &str) -> Application {
    let read = |file: &str| {
        let mut text = std::fs::read_to_string(root().join(file))?;
        if with_new && file == "template.yaml" {
            let wish = Wish { name: "samples-to-lab".to_owned(), ..Wish::default() };
            text =
                new_integration::template_with(&root(), &text, &Integration::named(&wish).unwrap()).unwrap();
        }
        Ok(text.replace(from, to))
    };
    Application::expand("template.yaml", &read, STACK, Parameters::new()).unwrap()
}

pub(crate) fn both() -> [Application; 2] {
    [false, true].map(|with_new| with(with_new, "", ""))
}
