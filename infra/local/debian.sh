# Sourced by what unpacks a system out of Debian 12's packages. Nothing is installed on the machine, and nobody has to be root.

# What it is, the list of packages, the folder: they are unpacked into FOLDER/root.
unpack() {
    what=$1 list=$2 folder=$3
    mkdir -p "$folder/apt/lists/partial" "$folder/apt/cache/archives/partial" "$folder/root"
    cd "$folder/apt"

    # With package lists of its own, so that the machine's stay as they are.
    apt() { apt-get -qq -o Dir::State="$folder/apt" -o Dir::Cache="$folder/apt/cache" -o APT::Sandbox::User=root "$@"; }

    command -v apt-get >/dev/null || { echo "$what is unpacked from Debian 12's packages: apt-get is needed" >&2; exit 1; }
    apt update
    pinned=$(grep -v '^#' "$list")
    # Debian drops a version when it publishes the next security fix.
    apt download $pinned || {
        echo "a version in $list is no longer published: taking Debian's current ones" >&2
        apt download $(echo "$pinned" | sed 's/=.*//')
    }
    for package in *.deb; do dpkg -x "$package" "$folder/root"; done
    rm -r "$folder/apt"
}
