#!/bin/sh
# A virsh that reads its commands from a pipe takes them for those of a person at the keyboard, and may empty that person's history.
#
# Expected: a program whose standard input is no terminal prints, with -q, what was asked for, and leaves the history of commands alone, as shells do; a history of size 0 means that
# nothing is added.
# Seen with libvirt 9.0 (Debian 12): prompt and command come back on standard output before each answer, also with -q; every command is added to the history file, where the up arrow
# of the next interactive virsh brings it back, and where an upper limit of 500 pushes out older ones; with VIRSH_HISTSIZE=0 the file is written all the same, empty.
#
# Needs Debian 12 (amd64) with apt-get; installs nothing outside a temporary folder. Exit code 0: the behaviour is still so.
set -eu
version=9.0.0-4+deb12u2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir -p "$folder/debs/partial" "$folder/root" "$folder/home/.cache/libvirt/virsh"
: > "$folder/status"
apt-get -qq -y --download-only --no-install-recommends -o Debug::NoLocking=1 -o APT::Sandbox::User=root -o Dir::State::status="$folder/status" \
	-o Dir::Cache::archives="$folder/debs" install "libvirt-clients=$version" > /dev/null
for package in "$folder"/debs/*.deb; do
	dpkg -x "$package" "$folder/root"
done

history=$folder/home/.cache/libvirt/virsh/history

# virsh of that version, on libvirt's test driver, with a home folder of its own.
virsh() {
	env -u XDG_CACHE_HOME -u XDG_CONFIG_HOME "HOME=$folder/home" LC_ALL=C "$@" "$folder/root/lib64/ld-linux-x86-64.so.2" \
		--library-path "$folder/root/lib/x86_64-linux-gnu:$folder/root/usr/lib/x86_64-linux-gnu" "$folder/root/usr/bin/virsh" -q -c test:///default
}

# check WHAT SEEN_BEFORE SEEN_NOW
check() {
	if [ "$2" != "$3" ]; then
		echo "$1: \"$2\" was seen with libvirt $version, and now it is \"$3\"" >&2
		exit 1
	fi
	echo "$1: $3"
}

printf 'list --all\n' > "$history"
check 'the answer to a question, with -q' 'virsh # domstate test|running|virsh #' "$(echo 'domstate test' | virsh | grep -v '^$' | paste -sd '|' | sed 's/ *$//')"
check 'the history afterwards' 'list --all|domstate test' "$(paste -sd '|' "$history")"
echo 'domstate test' | virsh VIRSH_HISTSIZE=0 > /dev/null
check 'lines of the history after VIRSH_HISTSIZE=0' 0 "$(wc -l < "$history" | tr -d ' ')"
