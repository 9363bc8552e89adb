#!/bin/sh
# qcow2 images with an external data file: a relative name of the data file counts from the working folder of the process, not from the image.
#
# Expected: as with a backing file, whose relative name counts from the folder of the image that holds it, so that a folder of images can be used from anywhere.
# Seen with qemu-img and qemu-io 7.2 (Debian 12): in a folder "images" lie an overlay on "base.qcow2" and an image with the data file "store.raw".
# From the folder above, the overlay reads; the image with the data file does not ("Could not open 'store.raw': No such file or directory"), unless
# another file of that name happens to lie in the working folder: then it is that one which is read. `qemu-img info` opens no data and notices nothing.
# So such a chain works while one stands in its folder, and a daemon that works in / does not find it.
#
# Needs Debian 12 (amd64) with apt-get; installs nothing outside a temporary folder. Exit code 0: the behaviour is still so.
set -eu
. "$(dirname "$0")/common/qemu-7.2.sh"
install qemu-utils

answer() {
	if "$@" > /dev/null 2>&1; then echo reads; else echo 'does not open'; fi
}

mkdir "$folder/here/images"
cd "$folder/here/images"
qemu qemu-img create -q -f qcow2 base.qcow2 1M
qemu qemu-img create -q -f qcow2 -b base.qcow2 -F qcow2 overlay.qcow2
qemu qemu-img create -q -f qcow2 -o data_file=store.raw,data_file_raw=on image.qcow2 1M
qemu qemu-io -f qcow2 -c 'write -q -P 1 0 64k' image.qcow2
check 'the image with a data file, from its own folder' reads "$(answer qemu qemu-io -r -f qcow2 -c 'read -q 0 64k' image.qcow2)"
cd ..
check 'the overlay, from the folder above' reads "$(answer qemu qemu-io -r -f qcow2 -c 'read -q 0 64k' images/overlay.qcow2)"
check 'the image with a data file, from the folder above' 'does not open' "$(answer qemu qemu-io -r -f qcow2 -c 'read -q 0 64k' images/image.qcow2)"
check 'qemu-img info of it, from the folder above' reads "$(answer qemu qemu-img info images/image.qcow2)"
truncate -s 1M store.raw
qemu qemu-io -f raw -c 'write -q -P 2 0 64k' store.raw
seen=$(qemu qemu-io -r -f qcow2 -c 'read -v 0 1' images/image.qcow2 | sed -n '1s/^0*: *\([0-9a-f]*\).*/\1/p')
check 'the first byte of the image, where another store.raw lies in the working folder (its own holds 01)' 02 "$seen"
