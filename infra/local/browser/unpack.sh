#!/bin/sh
# Unpacks headless Chromium out of Debian's packages into a folder. Nothing is installed on the machine, and nobody has to be
# root. Arguments: the list of packages, the folder.
set -eu
list=$1 folder=$2
mkdir -p "$folder/apt/lists/partial" "$folder/apt/cache/archives/partial" "$folder/root"
cd "$folder/apt"

# With package lists of its own, so that the machine's stay as they are.
apt() { apt-get -qq -o Dir::State="$folder/apt" -o Dir::Cache="$folder/apt/cache" -o APT::Sandbox::User=root "$@"; }

command -v apt-get >/dev/null || { echo "Chromium is unpacked from Debian 12's packages: apt-get is needed" >&2; exit 1; }
apt update
pinned=$(grep -v '^#' "$list")
# Debian drops a version when it publishes the next security fix.
apt download $pinned || {
    echo "a version in $list is no longer published: taking Debian's current ones" >&2
    apt download $(echo "$pinned" | sed 's/=.*//')
}
for package in *.deb; do dpkg -x "$package" "$folder/root"; done
rm -r "$folder/apt"

# The fonts that were unpacked and no others, so that a page looks the same on every machine.
cat > "$folder/fonts.conf" <<END
<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>$folder/root/usr/share/fonts</dir>
  <cachedir>$folder/fonts-cache</cachedir>
  <alias><family>sans-serif</family><prefer><family>DejaVu Sans</family></prefer></alias>
  <alias><family>monospace</family><prefer><family>DejaVu Sans Mono</family></prefer></alias>
</fontconfig>
END
