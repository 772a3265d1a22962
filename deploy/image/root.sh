#!/bin/sh
# Puts Node, its libraries and the files that they need into a folder, as the root of an image.
# Runs in the image of Node, on Debian.
set -eu
out=$1
node=/usr/local/bin/node

# The lines of ldd are "name => path (address)" and, for the loader, "path (address)".
libraries=$(ldd "$node" | sed -n 's/.*[[:space:]]\(\/[^ ]*\) (0x.*/\1/p')

for file in "$node" $libraries; do
  mkdir -p "$out$(dirname "$file")"
  cp -L "$file" "$out$file"
done

# The licence of Node, where the image has it.
if [ -f /usr/local/LICENSE ]; then
  mkdir -p "$out/usr/local/share/doc/node"
  cp /usr/local/LICENSE "$out/usr/local/share/doc/node/LICENSE"
fi

# Scanners find the Debian packages of a file system without dpkg in status.d.
mkdir -p "$out/var/lib/dpkg/status.d"
packages=base-files
for file in $libraries; do
  # dpkg may know the path before or after /usr and /lib became one.
  real=$(readlink -f "$file")
  package=$(dpkg -S "$file" "$real" "${real#/usr}" 2>/dev/null | head -n 1 | cut -d : -f 1)
  packages="$packages $package"
done
for package in $(printf '%s\n' $packages | sort -u); do
  dpkg-query -s "$package" > "$out/var/lib/dpkg/status.d/$package"
  if [ -f "/usr/share/doc/$package/copyright" ]; then
    mkdir -p "$out/usr/share/doc/$package"
    cp -L "/usr/share/doc/$package/copyright" "$out/usr/share/doc/$package/copyright"
  fi
done

mkdir -p "$out/etc/ssl/certs"
cp -L /etc/os-release /etc/debian_version "$out/etc/"
printf 'root:x:0:0:root:/:/nonexistent\nnobody:x:65534:65534:nobody:/:/nonexistent\n' > "$out/etc/passwd"
printf 'root:x:0:\nnogroup:x:65534:\n' > "$out/etc/group"
printf 'hosts: files dns\n' > "$out/etc/nsswitch.conf"

# The certificate authorities of this Node release, which it trusts without a file too. A file at
# this place is for NODE_USE_SYSTEM_CA=1, with authorities of the operator.
"$node" -p 'require("node:tls").rootCertificates.join("\n")' > "$out/etc/ssl/certs/ca-certificates.crt"

# One time for all files, so that the same base gives the same layer.
find "$out" -exec touch -h -d "@${SOURCE_DATE_EPOCH:-0}" {} +
