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

version='1:7.2+dfsg-7+deb12u18+b3'
socat_version=1.7.4.4-2
folder=$(mktemp -d)
trap 'kill "$(cat "$folder/work/pid" 2>/dev/null)" 2>/dev/null || :; rm -rf "$folder"' EXIT
mkdir -p "$folder/debs/partial" "$folder/root" "$folder/work"
: > "$folder/status"
apt-get -qq -y --download-only --no-install-recommends -o Debug::NoLocking=1 -o APT::Sandbox::User=root -o Dir::State::status="$folder/status" -o Dir::Cache::archives="$folder/debs" \
	install "qemu-utils=$version" "qemu-system-x86=$version" "socat=$socat_version" > /dev/null
for package in "$folder"/debs/*.deb; do
	dpkg -x "$package" "$folder/root"
done

qemu() {
	program=$1
	shift
	QEMU_MODULE_DIR="$folder/root/usr/lib/x86_64-linux-gnu/qemu" "$folder/root/lib64/ld-linux-x86-64.so.2" --library-path "$folder/root/lib/x86_64-linux-gnu:$folder/root/usr/lib/x86_64-linux-gnu" "$folder/root/usr/bin/$program" "$@"
}

check() {
	if [ "$2" != "$3" ]; then
		echo "$1: \"$2\" was seen with QEMU $version, and now it is \"$3\"" >&2
		exit 1
	fi
	echo "$1: $3"
}

# QEMU without a machine: all that is looked at is its block layer. Its working folder is the one with the images until it becomes a daemon.
start() {
	qemu qemu-system-x86_64 -machine none -nodefaults -display none -qmp "unix:$folder/work/monitor,server=on,wait=off" -pidfile "$folder/work/pid" -daemonize "$@"
}

# Sends commands to the monitor, one after the other, each half a second after the last.
monitor() {
	{
		for command in '{"execute": "qmp_capabilities"}' "$@"; do
			echo "$command"
			sleep 0.5
		done
	} | qemu socat -t 1 - "UNIX-CONNECT:$folder/work/monitor" > "$folder/answers"
	if grep -q '"error"' "$folder/answers"; then
		cat "$folder/answers" >&2
		exit 1
	fi
}

stop() {
	kill "$(cat "$folder/work/pid")"
	while [ -e "$folder/work/pid" ]; do
		sleep 0.1
	done
}

# Without -U qemu-img opens an image only where nobody may write to it.
lock() {
	if qemu qemu-img info "$1" > /dev/null 2>&1; then echo 'only read'; else echo 'locked for writing'; fi
}

cd "$folder/work"
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
