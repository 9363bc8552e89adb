#!/bin/sh
# qcow2 images with an external data file: "disk size" (actual-size in JSON) of qemu-img info is that of the tables alone.
#
# Expected: the space that the image takes, as for every other image, thus with the file that holds all of its data.
# Seen with qemu-img 7.2 (Debian 12): with 8 MiB of data in the data file, qemu-img info reports less than 1 MiB; du of both files is more than 8 MiB.
# Whoever plans the room for a copy or a backup by that number plans for almost nothing. `qemu-img measure` counts the data.
#
# Needs Debian 12 (amd64) with apt-get; installs nothing outside a temporary folder. Exit code 0: the behaviour is still so.
set -eu

version='1:7.2+dfsg-7+deb12u18+b3'
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir -p "$folder/debs/partial" "$folder/root" "$folder/work"
: > "$folder/status"
apt-get -qq -y --download-only --no-install-recommends -o Debug::NoLocking=1 -o APT::Sandbox::User=root -o Dir::State::status="$folder/status" -o Dir::Cache::archives="$folder/debs" \
	install "qemu-utils=$version" > /dev/null
for package in "$folder"/debs/*.deb; do
	dpkg -x "$package" "$folder/root"
done

qemu() {
	program=$1
	shift
	"$folder/root/lib64/ld-linux-x86-64.so.2" --library-path "$folder/root/lib/x86_64-linux-gnu:$folder/root/usr/lib/x86_64-linux-gnu" "$folder/root/usr/bin/$program" "$@"
}

check() {
	if [ "$2" != "$3" ]; then
		echo "$1: \"$2\" was seen with qemu-utils $version, and now it is \"$3\"" >&2
		exit 1
	fi
	echo "$1: $3"
}

atLeast8MiB() {
	if [ "$1" -ge 8388608 ]; then echo '8 MiB or more'; else echo 'less than 8 MiB'; fi
}

cd "$folder/work"
qemu qemu-img create -q -f qcow2 -o data_file="$PWD/store.raw",data_file_raw=on image.qcow2 64M
qemu qemu-io -f qcow2 -c 'write -q -P 1 0 8M' image.qcow2
reported=$(qemu qemu-img info --output=json image.qcow2 | sed -n 's/^ *"actual-size": \([0-9]*\).*/\1/p' | tail -n 1)
check 'the disk size by qemu-img info' 'less than 8 MiB' "$(atLeast8MiB "$reported")"
check 'what du counts' '8 MiB or more' "$(atLeast8MiB "$(du --block-size=1 -c image.qcow2 store.raw | tail -n 1 | cut -f 1)")"
required=$(qemu qemu-img measure -O qcow2 -f qcow2 --output=json image.qcow2 | sed -n 's/^ *"required": \([0-9]*\).*/\1/p')
check 'what qemu-img measure requires for a copy' '8 MiB or more' "$(atLeast8MiB "$required")"
