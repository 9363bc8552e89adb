#!/bin/sh
# Installs what the lab needs from Debian's packages: libvirt, QEMU, qemu-img, UEFI firmware, an emulated TPM, tmux, ssh, the check of XML by a schema. Needs root; does nothing where all is there.
set -eu

missing=
for program in ps libvirtd virtlogd virsh qemu-system-x86_64 qemu-img qemu-io qemu-nbd qemu-storage-daemon tmux perl ssh sshd socat swtpm swtpm_setup virt-xml-validate xmllint; do
	command -v "$program" >/dev/null || missing="$missing $program"
done
[ -e /usr/share/OVMF/OVMF_CODE_4M.fd ] || missing="$missing OVMF"
[ -n "$missing" ] || exit 0

packages='libvirt-daemon-system libvirt-daemon-driver-qemu libvirt-clients libxml2-utils qemu-system-x86 qemu-system-common qemu-utils ovmf tmux perl-base openssh-client openssh-server socat swtpm swtpm-tools procps'
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
	echo "The lab needs these programs:$missing" >&2
	echo "On Debian or Ubuntu, as root: apt-get install --no-install-recommends $packages" >&2
	exit 1
fi

export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
# shellcheck disable=SC2086 -- one word per package.
apt-get install -y -qq --no-install-recommends $packages
