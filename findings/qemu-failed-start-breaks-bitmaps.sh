#!/bin/sh
# A QEMU that does not even start makes the bitmaps of the images on its command line useless.
#
# Expected: a start that is refused because of a later option (a device that there is not, a display on a port that is out of range) ends before the guest has run, so that the
# images, bitmaps among them, are what they were.
# Seen with QEMU 7.2 (Debian 12): the images are opened for writing when their option is read, which marks every persistent bitmap as in use; the exit that follows the error
# closes no image, so the mark stays, and the bitmap is inconsistent from then on: it can only be removed. The next incremental backup has nothing to start from. qemu-storage-daemon
# does the same. Only "qemu-img info" shows it; "qemu-img check" finds no error.
#
# Needs Debian 12 (amd64) with apt-get; installs nothing outside a temporary folder. Exit code 0: the behaviour is still so.
set -eu
. "$(dirname "$0")/common/qemu-7.2.sh"
install qemu-utils qemu-system-x86 qemu-system-common

cd "$folder/here"

# A new image with a bitmap, and what is said of it after the command.
after() {
	rm -f disk.qcow2
	qemu qemu-img create -q -f qcow2 disk.qcow2 4M
	qemu qemu-img bitmap --add disk.qcow2 nightly
	if "$@" < /dev/null > said 2>&1; then echo 'it started'; return; fi
	if ! qemu qemu-img check -q disk.qcow2; then echo 'check finds errors'; return; fi
	if qemu qemu-img info disk.qcow2 | grep -q in-use; then echo 'the bitmap is inconsistent'; else echo 'the bitmap is whole'; fi
}

machine() {
	qemu qemu-system-x86_64 -machine none -nodefaults -display none "$@"
}

disk=driver=qcow2,node-name=disk,file.driver=file,file.filename=disk.qcow2
check 'a device that there is not, behind the image' 'the bitmap is inconsistent' "$(after machine -blockdev "$disk" -device no-such-device)"
check 'a display out of range, before the image' 'the bitmap is inconsistent' "$(after machine -vnc :99999 -blockdev "$disk")"
check 'too much memory, before the image' 'the bitmap is whole' "$(after machine -m 9999999999999G -blockdev "$disk")"
check 'a device that there is not, the image opened for reading' 'the bitmap is whole' "$(after machine -blockdev "$disk,read-only=on" -device no-such-device)"
check 'qemu-storage-daemon without a server for its export' 'the bitmap is inconsistent' "$(after qemu qemu-storage-daemon --blockdev "$disk" --export type=nbd,id=out,node-name=disk,writable=on)"
after machine -blockdev "$disk" -device no-such-device > /dev/null
check 'using such a bitmap' 'refused' "$(if qemu qemu-img bitmap --enable disk.qcow2 nightly 2> /dev/null; then echo possible; else echo refused; fi)"
