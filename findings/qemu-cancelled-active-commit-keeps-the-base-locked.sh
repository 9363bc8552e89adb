#!/bin/sh
# A commit of the active layer that is cancelled when it is ready leaves the base locked for writing until QEMU ends.
#
# Expected: the job is over, the guest goes on in the overlay, and the base is a backing file that is only read, as before the job.
# Seen with QEMU 7.2 (Debian 12): query-jobs is empty after block-job-cancel, and the base still cannot be opened without qemu-img's -U
# ('Failed to get shared "write" lock'). It could be before the commit.
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
qemu qemu-img create -q -f qcow2 -b "$PWD/base.qcow2" -F qcow2 overlay.qcow2
start -blockdev "driver=qcow2,node-name=disk,file.driver=file,file.filename=$PWD/overlay.qcow2"
check 'the base before the commit' 'only read' "$(lock base.qcow2)"
monitor '{"execute": "block-commit", "arguments": {"job-id": "job", "device": "disk"}}' '{"execute": "block-job-cancel", "arguments": {"device": "job"}}' '{"execute": "query-jobs"}'
check 'events of a job that was ready' 1 "$(grep -c '"BLOCK_JOB_READY"' "$folder/answers")"
check 'jobs after the cancel' '{"return": []}' "$(tail -n 1 "$folder/answers" | tr -d '\r')"
check 'the base after the cancel' 'locked for writing' "$(lock base.qcow2)"
stop
