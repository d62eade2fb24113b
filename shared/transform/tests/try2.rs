#[test]
fn check() {
    let findings = transform::Catalog::built_in().unwrap().check();
    for f in &findings { println!("{f}"); }
    println!("{} findings", findings.len());
}
