#!/bin/sh
# networkd.sh VENDOR_CLASS: systemd-networkd alone in this network namespace, until eth0 is configured; then it is asked to
# end and gives its lease back. Run under `unshare -m`, so that its /run and its read-only /sys are nobody else's: with a
# writable /sys it waits for udev. Prints its own log, and the lease between LEASE and END.
set -e
mount --make-rprivate /
mount -t tmpfs tmpfs /run
mount -o remount,ro,bind /sys 2>/dev/null || mount -o remount,ro /sys
mkdir -p /run/systemd/network /run/systemd/netif
chown -R systemd-network:systemd-network /run/systemd/netif
cat > /run/systemd/network/10-eth0.network <<EOF
[Match]
Name=eth0
[Network]
DHCP=ipv4
LinkLocalAddressing=no
IPv6AcceptRA=no
[DHCPv4]
VendorClassIdentifier=$1
RequestOptions=66 150
EOF
SYSTEMD_LOG_LEVEL=debug SYSTEMD_LOG_TARGET=console /lib/systemd/systemd-networkd &
networkd=$!
tries=0
until ip -4 route show default | grep -q dhcp || [ "$tries" -ge 80 ]; do
  sleep 0.1
  tries=$((tries + 1))
done
echo LEASE
cat /run/systemd/netif/leases/* || true
echo END
kill "$networkd"
wait "$networkd" || true
