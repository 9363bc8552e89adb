#!/bin/sh
# Makes a Linux guest of Debian's packages in the folder DIR: `vmlinuz`, and `initrd` with BusyBox and QEMU's guest agent. The guest mounts its virtio disks (ext4), counts in a file on
# each without ever flushing it, tells the count on its serial port, and answers its agent. Needs apt-get and the network, no root; does nothing where both files are there.
set -eu
[ $# = 1 ] || { echo "usage: guest.sh DIR" >&2; exit 2; }
mkdir -p "$1"
cd "$1"
[ ! -e vmlinuz ] || [ ! -e initrd ] || exit 0

kernel=$(apt-cache depends linux-image-cloud-amd64 | sed -n 's/^ *Depends: \(linux-image-[0-9].*\)/\1/p' | head -n 1)
apt-get download -qq "$kernel" busybox-static qemu-guest-agent
rm -rf packages root
for package in ./*.deb; do dpkg-deb -x "$package" packages; done
rm ./*.deb

mkdir -p root/bin root/modules root/proc root/sys root/dev root/run root/var root/data
ln -s /run root/var/run
cp packages/bin/busybox root/bin/
cp packages/usr/sbin/qemu-ga root/bin/
# Its libraries, by the paths at which it looks for them.
ldd packages/usr/sbin/qemu-ga | grep -o '/[^ ]*' | while read -r library; do
	mkdir -p "root$(dirname "$library")"
	cp -L "$library" "root$library"
done
# In the order in which they need each other.
for module in virtio_ring virtio virtio_pci_modern_dev virtio_pci_legacy_dev virtio_pci virtio_blk virtio_console; do
	find packages/lib/modules packages/usr/lib/modules -name "$module.ko*" -exec cp {} "root/modules/" \; 2>/dev/null || true
	echo "$module" >>root/modules/order
done

cat >root/init <<'INIT'
#!/bin/busybox sh
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev 2>/dev/null
while read -r module; do insmod /modules/$module.ko; done </modules/order
for name in $(cd /sys/block && ls -d vd* 2>/dev/null); do
	mkdir -p /data/$name
	mount -t ext4 /dev/$name /data/$name
	(
		count=$(cat /data/$name/count 2>/dev/null || echo 0)
		while :; do
			count=$((count + 1))
			echo $count >/data/$name/count
			echo "$name $count" >/dev/ttyS0
			usleep 200000
		done
	) &
done
for port in /sys/class/virtio-ports/*; do
	[ "$(cat $port/name)" != org.qemu.guest_agent.0 ] || qemu-ga -m virtio-serial -p /dev/${port##*/} -t /run &
done
wait
INIT
chmod 755 root/init
(cd root && find . | ../packages/bin/busybox cpio -o -H newc 2>/dev/null | gzip -1) >initrd.new
cp packages/boot/vmlinuz-* vmlinuz
mv initrd.new initrd
rm -rf packages root
