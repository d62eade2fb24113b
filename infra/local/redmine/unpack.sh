#!/bin/sh
# Unpacks Redmine, with the Ruby that it needs. Arguments: the list of packages, the folder.
set -eu
. "$(dirname "$0")/../debian.sh"
unpack Redmine "$1" "$2"

# Redmine as Debian packages it looks for its settings under instances/$REDMINE_INSTANCE: ours are folders of .tools.
cd "$folder/root/usr/share/redmine"
rm Gemfile.lock config/database.yml instances
ln -s ../../../../.. instances
echo 'gem "sqlite3"' > Gemfile.local
