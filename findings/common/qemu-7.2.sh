# QEMU 7.2 of Debian 12 (amd64) in a temporary folder, and words to look at it, for the findings beside this folder. To be sourced. Needs apt-get; installs nothing
# elsewhere, and removes all of it at the end.

qemu_version='1:7.2+dfsg-7+deb12u18+b3'
socat_version=1.7.4.4-2
folder=$(mktemp -d)

clean() {
	if [ -e "$folder/here/pid" ]; then
		kill "$(cat "$folder/here/pid")" 2> /dev/null || :
	fi
	rm -rf "$folder"
}
trap clean EXIT

# Packages by name, each in its pinned version, with all that they need, as if nothing were installed.
install() {
	mkdir -p "$folder/debs/partial" "$folder/root" "$folder/here"
	: > "$folder/status"
	wanted=
	for name in "$@"; do
		case $name in
			socat) wanted="$wanted socat=$socat_version" ;;
			*) wanted="$wanted $name=$qemu_version" ;;
		esac
	done
	# shellcheck disable=SC2086 -- one word per package.
	apt-get -qq -y --download-only --no-install-recommends -o Debug::NoLocking=1 -o APT::Sandbox::User=root -o Dir::State::status="$folder/status" \
		-o Dir::Cache::archives="$folder/debs" install $wanted > /dev/null
	for package in "$folder"/debs/*.deb; do
		dpkg -x "$package" "$folder/root"
	done
}

# Runs one of the installed programs.
qemu() {
	program=$1
	shift
	QEMU_MODULE_DIR="$folder/root/usr/lib/x86_64-linux-gnu/qemu" "$folder/root/lib64/ld-linux-x86-64.so.2" \
		--library-path "$folder/root/lib/x86_64-linux-gnu:$folder/root/usr/lib/x86_64-linux-gnu" "$folder/root/usr/bin/$program" "$@"
}

# check WHAT SEEN_BEFORE SEEN_NOW
check() {
	if [ "$2" != "$3" ]; then
		echo "$1: \"$2\" was seen with QEMU $qemu_version, and now it is \"$3\"" >&2
		exit 1
	fi
	echo "$1: $3"
}

# QEMU without a machine: all that is looked at is its block layer. Its working folder is the one with the images until it becomes a daemon.
start() {
	qemu qemu-system-x86_64 -machine none -nodefaults -display none -qmp "unix:$folder/here/monitor,server=on,wait=off" -pidfile "$folder/here/pid" -daemonize "$@"
}

# Sends commands to the monitor, one after the other, each half a second after the last. The answers are in "$folder/answers".
monitor() {
	{
		for command in '{"execute": "qmp_capabilities"}' "$@"; do
			echo "$command"
			sleep 0.5
		done
	} | qemu socat -t 1 - "UNIX-CONNECT:$folder/here/monitor" > "$folder/answers"
	if grep -q '"error"' "$folder/answers"; then
		cat "$folder/answers" >&2
		exit 1
	fi
}

stop() {
	kill "$(cat "$folder/here/pid")"
	while [ -e "$folder/here/pid" ]; do
		sleep 0.1
	done
}

# Without -U qemu-img opens an image only where nobody may write to it.
lock() {
	if qemu qemu-img info "$1" > /dev/null 2>&1; then echo 'only read'; else echo 'locked for writing'; fi
}
