#!/bin/sh
# finish.sh UNPACKED ROOT PATTERNS: run by base.sh, as mmdebstrap's hook.
set -eu
unpacked=$1
root=$2
patterns=$3
mkdir -p "$root"

# 1. The files that are wanted.
set --
while IFS= read -r pattern; do
    case $pattern in '' | '#'*) continue ;; esac
    set -- "$@" -o -path "$pattern"
done <"$patterns"
shift
(cd "$unpacked" && find . -xdev \( "$@" \) -print0 | sort -z | tar --create --no-recursion --null --files-from=- --file=-) |
    tar --extract --file=- --directory="$root"
test -e "$root"/lib/*-linux-gnu/libc.so.6 # a pattern that meets nothing would say nothing

# 2. The certificate authorities in one file, as update-ca-certificates writes it, also where BoringSSL looks by itself.
mkdir -p "$root/etc/ssl/certs"
find "$unpacked/usr/share/ca-certificates/mozilla" -name '*.crt' | sort | while IFS= read -r certificate; do
    cat "$certificate"
    # Some files of the package end without a line's end.
    test -z "$(tail -c 1 "$certificate")" || echo
done >"$root/etc/ssl/certs/ca-certificates.crt"
ln -s certs/ca-certificates.crt "$root/etc/ssl/cert.pem"

# 3. The user, and where names are looked up.
printf '%s\n' 'root:x:0:0:root:/:/nonexistent' 'curbside:x:65532:65532:curbside:/nonexistent:/nonexistent' >"$root/etc/passwd"
printf '%s\n' 'root:x:0:' 'curbside:x:65532:' >"$root/etc/group"
printf '%s\n' 'hosts: files dns' >"$root/etc/nsswitch.conf"
mkdir -m 1777 "$root/tmp"
# Where an engine mounts its own: made here, since a read-only root has no room for them later.
mkdir "$root/dev" "$root/proc" "$root/run" "$root/sys"

# 4. What a scanner of images reads: the packages that any kept file is of, one file each, as in other images without dpkg.
mkdir -p "$root/var/lib/dpkg/status.d"
for archive in "$unpacked"/var/cache/apt/archives/*.deb; do
    package=$(dpkg-deb --field "$archive" Package)
    if dpkg-deb --contents "$archive" | awk '$1 !~ /^d/ { print $6 }' | while IFS= read -r file; do
        if test -e "$root/$file" || test -L "$root/$file"; then echo "$file"; fi
    done | grep -c . >/dev/null; then
        { dpkg-deb --field "$archive" Package Version Architecture Maintainer Source Homepage
            echo 'Status: install ok unpacked'
            echo "Digest: sha256:$(sha256sum "$archive" | cut -d ' ' -f 1)"; } >"$root/var/lib/dpkg/status.d/$package"
    fi
done
