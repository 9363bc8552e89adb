#!/bin/sh
# qcow2 images with an external data file: "disk size" (actual-size in JSON) of qemu-img info is that of the tables alone.
#
# Expected: the space that the image takes, as for every other image, thus with the file that holds all of its data.
# Seen with qemu-img 7.2 (Debian 12): with 8 MiB of data in the data file, qemu-img info reports less than 1 MiB; du of both files is more than 8 MiB.
# Whoever plans the room for a copy or a backup by that number plans for almost nothing. `qemu-img measure` counts the data.
#
# Needs Debian 12 (amd64) with apt-get; installs nothing outside a temporary folder. Exit code 0: the behaviour is still so.
set -eu
. "$(dirname "$0")/common/qemu-7.2.sh"
install qemu-utils

atLeast8MiB() {
	if [ "$1" -ge 8388608 ]; then echo '8 MiB or more'; else echo 'less than 8 MiB'; fi
}

cd "$folder/here"
qemu qemu-img create -q -f qcow2 -o data_file="$PWD/store.raw",data_file_raw=on image.qcow2 64M
qemu qemu-io -f qcow2 -c 'write -q -P 1 0 8M' image.qcow2
reported=$(qemu qemu-img info --output=json image.qcow2 | sed -n 's/^ *"actual-size": \([0-9]*\).*/\1/p' | tail -n 1)
check 'the disk size by qemu-img info' 'less than 8 MiB' "$(atLeast8MiB "$reported")"
check 'what du counts' '8 MiB or more' "$(atLeast8MiB "$(du --block-size=1 -c image.qcow2 store.raw | tail -n 1 | cut -f 1)")"
required=$(qemu qemu-img measure -O qcow2 -f qcow2 --output=json image.qcow2 | sed -n 's/^ *"required": \([0-9]*\).*/\1/p')
check 'what qemu-img measure requires for a copy' '8 MiB or more' "$(atLeast8MiB "$required")"
