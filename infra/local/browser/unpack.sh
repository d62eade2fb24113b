#!/bin/sh
# Unpacks headless Chromium. Arguments: the list of packages, the folder.
set -eu
. "$(dirname "$0")/../debian.sh"
unpack Chromium "$1" "$2"

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
