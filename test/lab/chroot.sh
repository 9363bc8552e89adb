#!/bin/sh
# Another Debian release's libvirt and QEMU beside the host's own, in a chroot, without systemd: so that the lab can be run on a newer libvirt.
#
#   chroot.sh build     makes the chroot with debootstrap (SUITE, default trixie; ROOT, default /srv/SUITE)
#   chroot.sh start     mounts what it needs, shares the lab's image folder, starts virtlogd and libvirtd in it
#   chroot.sh stop      stops the two daemons and takes the mounts of `start` away
#   chroot.sh env       prints the variables that point the lab at it:  env $(test/lab/chroot.sh env) npm run lab
set -eu

suite=${SUITE:-trixie}
root=${ROOT:-/srv/$suite}
# Packages come from where this machine has its own.
own_mirror=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/*.sources /etc/apt/sources.list.d/*.list 2>/dev/null |
	awk '$1 == "URIs:" && $2 !~ /security/ {print $2; exit} $1 == "deb" {for (i = 2; i <= NF; i++) if ($i ~ /:\/\// && $i !~ /security/) {print $i; exit}}')
mirror=${MIRROR:-$own_mirror}
images=/var/lib/libvirt/images/lab-vsnap
wrappers=/tmp/vsnaplab-$suite-bin

is_mounted() {
	mountpoint -q "$root$1"
}

mount_base() {
	is_mounted /proc || mount -t proc proc "$root/proc"
	for tree in /dev /sys; do
		is_mounted "$tree" || { mount --rbind "$tree" "$root$tree"; mount --make-rslave "$root$tree"; }
	done
}

# Shared folders are the same place in both, so a path means the same file on either side; what is mounted within one shows in the other too.
share() {
	mkdir -p "$1" "$root$1"
	mountpoint -q "$1" || { mount --bind "$1" "$1"; mount --make-shared "$1"; }
	is_mounted "$1" || mount --bind "$1" "$root$1"
}

is_running() {
	pid=$(cat "$root/run/$1.pid" 2>/dev/null) && [ "$(readlink "/proc/$pid/root" 2>/dev/null)" = "$root" ]
}

is_answering() {
	chroot "$root" virsh -q -c qemu:///system uri >/dev/null 2>&1
}

build() {
	command -v debootstrap >/dev/null || { apt-get update -qq; DEBIAN_FRONTEND=noninteractive apt-get install -y -qq debootstrap; }
	[ -x "$root/usr/bin/apt-get" ] || debootstrap --variant=minbase "$suite" "$root" "$mirror"
	# No service may be started while packages are installed.
	printf '#!/bin/sh\nexit 101\n' > "$root/usr/sbin/policy-rc.d"
	chmod +x "$root/usr/sbin/policy-rc.d"
	# A mirror that stands still is good enough for tests.
	echo 'Acquire::Check-Valid-Until "false";' > "$root/etc/apt/apt.conf.d/99valid"
	mount_base
	chroot "$root" apt-get update -qq
	chroot "$root" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
		libvirt-daemon-system libvirt-daemon-driver-qemu libvirt-clients qemu-system-x86 qemu-utils ovmf patchelf
	# The packages give the shared /dev/kvm to a group of the chroot.
	[ ! -e /dev/kvm ] || chmod 666 /dev/kvm
}

# A parent for the daemons that collects ended processes at once; see daemons.ts.
start_daemons() {
	setsid perl -e '
		syscall(157, 36, 1, 0, 0, 0);
		my $root = shift;
		for my $daemon (@ARGV) {
			if (fork() == 0) { exec("chroot", $root, $daemon, "-d", "-p", "/run/$daemon.pid") or exit 1 }
		}
		1 while wait() > 0;
	' "$root" "$@" </dev/null >/dev/null 2>&1 &
}

start() {
	[ -x "$root/usr/sbin/libvirtd" ] || { echo "There is no libvirt in $root: run $0 build" >&2; exit 1; }
	mount_base
	share "$images"
	# The root of a chroot is no mount point, and libvirt can then not make a private /dev for each QEMU.
	grep -qs '^namespaces' "$root/etc/libvirt/qemu.conf" || echo 'namespaces = []' >> "$root/etc/libvirt/qemu.conf"
	# Members of this machine's group may do everything, as in daemons.ts. The chroot may count its groups differently, so the number is what counts.
	group=$(getent group libvirt | cut -d: -f3)
	config=$root/etc/libvirt/libvirtd.conf
	[ -z "$group" ] || grep -qs '^unix_sock_group' "$config" ||
		printf '%s\n' "unix_sock_group = \"+$group\"" 'unix_sock_rw_perms = "0770"' 'auth_unix_rw = "none"' 'auth_unix_ro = "none"' >> "$config"
	mkdir -p "$root/run/libvirt" "$root/var/log/libvirt"
	missing=
	for daemon in virtlogd libvirtd; do
		is_running "$daemon" || missing="$missing $daemon"
	done
	# shellcheck disable=SC2086 -- one word per daemon.
	[ -z "$missing" ] || start_daemons $missing
	tries=0
	until is_answering; do
		tries=$((tries + 1))
		[ "$tries" -lt 100 ] || { echo "libvirtd in $root does not answer" >&2; exit 1; }
		sleep 0.2
	done
	chroot "$root" virsh -c qemu:///system version
}

stop() {
	for daemon in libvirtd virtlogd; do
		! is_running "$daemon" || kill "$pid"
	done
	! is_mounted "$images" || umount -l "$root$images"
	! mountpoint -q "$images" || umount -l "$images"
}

# Programs of the chroot with its libraries, callable from outside by everybody and for every file (virsh stays the host's own). qemu-img must be of the
# same version as the QEMU that has the images open. They are copies that name the chroot's own loader, so that a process is the program that its command
# line names, and can be started again by that; beside /usr/bin, because QEMU looks for its firmware from where it lies.
environment() {
	own=$root/usr/vsnaplab
	[ -x "$root/usr/bin/patchelf" ] || chroot "$root" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends patchelf >&2
	mkdir -p "$wrappers" "$own"
	for program in qemu-img qemu-io qemu-nbd qemu-storage-daemon qemu-system-x86_64; do
		[ "$own/$program" -nt "$root/usr/bin/$program" ] || {
			cp "$root/usr/bin/$program" "$own/$program.new"
			chroot "$root" patchelf --set-interpreter "$root/lib64/ld-linux-x86-64.so.2" --force-rpath --set-rpath "$root/usr/lib/x86_64-linux-gnu" "/usr/vsnaplab/$program.new"
			mv "$own/$program.new" "$own/$program"
		}
		rm -f "$wrappers/$program"
		ln -s "$own/$program" "$wrappers/$program"
	done
	rm -rf "$wrappers/loaders"
	echo "VSNAP_LAB_URI=qemu+unix:///system?socket=$root/run/libvirt/libvirt-sock VSNAP_LAB_PATH=$wrappers"
}

case ${1:-} in
	build) build ;;
	start) start ;;
	stop) stop ;;
	env) environment ;;
	*) sed -n '2,8p' "$0"; exit 2 ;;
esac
