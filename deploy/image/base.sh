#!/bin/sh
# base.sh SUITE FOLDER [MIRROR]: the image's system, made from Debian's signed packages: C library, certificate authorities, a user, no shell.
#
# No package is configured and nothing of them is run: files are unpacked, those of base.files are kept, and all else is left behind.
# With one state of the archive and one SOURCE_DATE_EPOCH, the result is the same to the byte.
set -eu
umask 022
export LC_ALL=C

suite=$1
folder=$2
mirror=${3-}
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The hook runs when the packages have been unpacked into its first argument and before their archives are removed.
# The mirror, where one is named, replaces Debian's own with its updates and security fixes.
mmdebstrap --quiet --variant=extract --format=null \
    --include=base-files,ca-certificates,libc6,libgcc-s1 \
    --extract-hook="sh '$here/finish.sh' \"\$1\" '$work/root' '$here/base.files'" \
    "$suite" - ${mirror:+"$mirror"}

rm -rf "$folder"
mkdir -p "$(dirname "$folder")"
# Copied, since the temporary folder may be on another file system.
cp -a "$work/root" "$folder"
