#!/bin/sh
# A QEMU that was started with -daemonize and a relative file name keeps its lock for writing on an image that a snapshot has frozen.
#
# Expected: after blockdev-snapshot-sync the former image is a backing file that is only read, so that others may read it, whatever name it was opened by.
# Seen with QEMU 7.2 (Debian 12): so it is where the image was named by its whole path. By a relative name the snapshot succeeds, too, but QEMU, which works in /
# by then, cannot open the image again for reading alone; it says nothing and stays open for writing until it ends. A backup of the frozen image with qemu-img
# is refused all that time ('Failed to get shared "write" lock').
#
# Needs Debian 12 (amd64) with apt-get; installs nothing outside a temporary folder. Exit code 0: the behaviour is still so.
set -eu
. "$(dirname "$0")/common/qemu-7.2.sh"
install qemu-utils qemu-system-x86 socat

cd "$folder/here"
qemu qemu-img create -q -f qcow2 base.qcow2 4M
for name in base.qcow2 "$PWD/base.qcow2"; do
	rm -f overlay.qcow2
	start -drive "file=$name,if=none,id=disk"
	check "$name before the snapshot" 'locked for writing' "$(lock base.qcow2)"
	monitor '{"execute": "blockdev-snapshot-sync", "arguments": {"device": "disk", "snapshot-file": "'"$PWD/overlay.qcow2"'", "format": "qcow2"}}'
	case $name in
		/*) check 'a frozen image with its whole path' 'only read' "$(lock base.qcow2)" ;;
		*) check 'a frozen image with a relative name' 'locked for writing' "$(lock base.qcow2)" ;;
	esac
	stop
done
