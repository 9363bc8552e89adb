#!/bin/sh
# A commit of the active layer that is cancelled when it is ready leaves the base locked for writing until QEMU ends.
#
# Expected: the job is over, the guest goes on in the overlay, and the base is a backing file that is only read, as before the job.
# Seen with QEMU 7.2 (Debian 12): query-jobs is empty after block-job-cancel, and the base still cannot be opened without qemu-img's -U
# ('Failed to get shared "write" lock'). It could be before the commit.
#
# Needs Debian 12 (amd64) with apt-get; installs nothing outside a temporary folder. Exit code 0: the behaviour is still so.
set -eu
. "$(dirname "$0")/common/qemu-7.2.sh"
install qemu-utils qemu-system-x86 socat

cd "$folder/here"
qemu qemu-img create -q -f qcow2 base.qcow2 4M
qemu qemu-img create -q -f qcow2 -b "$PWD/base.qcow2" -F qcow2 overlay.qcow2
start -blockdev "driver=qcow2,node-name=disk,file.driver=file,file.filename=$PWD/overlay.qcow2"
check 'the base before the commit' 'only read' "$(lock base.qcow2)"
monitor '{"execute": "block-commit", "arguments": {"job-id": "job", "device": "disk"}}' '{"execute": "block-job-cancel", "arguments": {"device": "job"}}' '{"execute": "query-jobs"}'
check 'events of a job that was ready' 1 "$(grep -c '"BLOCK_JOB_READY"' "$folder/answers")"
check 'jobs after the cancel' '{"return": []}' "$(tail -n 1 "$folder/answers" | tr -d '\r')"
check 'the base after the cancel' 'locked for writing' "$(lock base.qcow2)"
stop
