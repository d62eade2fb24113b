cd /tmp/t4/shared/transform
CARGO_TARGET_DIR=/tmp/t4-target cargo test -p transform --test try --release --config 'profile.release.lto=false' --config 'profile.release.codegen-units=16' --config 'profile.release.opt-level=3'  --config 'profile.release.strip=false' speed -- --nocapture 2>&1 | grep -E "^error|catalog|plans|translate|old|-->" 
