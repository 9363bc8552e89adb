#!/bin/sh
# "qemu-img commit -b" cannot name a layer of a chain that is encrypted, although the headers name it.
#
# Expected: -b takes the name of a layer as the header above it has it. Whether the layer is encrypted matters to who opens it, not to what it is called.
# Seen with QEMU 7.2 (Debian 12): a layer that needs a secret is known inside QEMU by a "json:" name that holds all its options, and -b is compared with that: "Did not find
# 'mid.qcow2' in the backing chain". The same chain without encryption, opened with the same options, is found by the same name. Without -b the commit works, but into the next layer
# alone: a chain has to be committed layer by layer. The name that "qemu-img info" tells is the plain one in both cases.
#
# Needs Debian 12 (amd64) with apt-get; installs nothing outside a temporary folder. Exit code 0: the behaviour is still so.
set -eu
. "$(dirname "$0")/common/qemu-7.2.sh"
install qemu-utils

cd "$folder/here"

# $1: options of qcow2. On fast machines the time that a passphrase takes to be hashed may be too short for QEMU 7.2 to measure, which is an error; then it is done once more.
create() {
	with=$1
	shift
	tries=0
	until qemu qemu-img create -q -f qcow2 --object secret,id=key,data=known -o "$with" "$@" 1M 2> said; do
		tries=$((tries + 1))
		if [ "$tries" = 50 ] || ! grep -q 'accurate CPU usage' said; then
			cat said >&2
			exit 1
		fi
	done
}

# The three layers base, mid and top. $1: options of qcow2 for each.
chain() {
	rm -f ./*.qcow2
	create "$1" base.qcow2
	create "$1" -u -F qcow2 -b base.qcow2 mid.qcow2
	create "$1" -u -F qcow2 -b mid.qcow2 top.qcow2
}

# Commits top. $1: what each layer is opened with beside its file. More: "-b NAME".
commit() {
	with=$1
	shift
	options=driver=qcow2,file.filename=top.qcow2$(printf %s "$with" | sed 's/KEY/encrypt.key-secret/')
	options=$options,backing.driver=qcow2,backing.file.filename=mid.qcow2$(printf %s "$with" | sed 's/KEY/backing.encrypt.key-secret/')
	options=$options,backing.backing.driver=qcow2,backing.backing.file.filename=base.qcow2$(printf %s "$with" | sed 's/KEY/backing.backing.encrypt.key-secret/')
	if qemu qemu-img commit -q -d --object secret,id=key,data=known --image-opts "$@" "$options" 2> said; then
		echo 'committed'
	elif grep -q '^qemu-img: Did not find' said; then
		echo 'not found'
	else
		cat said
	fi
}

chain compat=1.1
check 'no layer encrypted, -b names the layer below' 'committed' "$(commit '' -b mid.qcow2)"
check 'no layer encrypted, -b names the one below that' 'committed' "$(commit '' -b base.qcow2)"
chain encrypt.format=luks,encrypt.key-secret=key,encrypt.iter-time=10
check 'encrypted, the header names the layer below' 'mid.qcow2' "$(qemu qemu-img info --output=json top.qcow2 | sed -n 's/.*"backing-filename": "\(.*\)".*/\1/p')"
check 'encrypted, -b names the layer below' 'not found' "$(commit ,KEY=key -b mid.qcow2)"
check 'encrypted, -b names the one below that' 'not found' "$(commit ,KEY=key -b base.qcow2)"
check 'encrypted, by the whole path' 'not found' "$(commit ,KEY=key -b "$PWD/mid.qcow2")"
check 'encrypted, without -b' 'committed' "$(commit ,KEY=key)"
