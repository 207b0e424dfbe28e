import { expect, test } from 'vitest'
import { grubConfig, ipxeScript } from './bootConfig.ts'

const BENCH = { address: '192.168.77.1', httpPort: 49_231 }

test('GRUB loads by the way it came, and passes on which card it came from and where the bench is', () => {
  expect(grubConfig(BENCH)).toBe(`set timeout=0
if regexp "http," "$prefix"; then
  echo "Benchcast: loading vmlinuz"
  linux (http,192.168.77.1:49231)/vmlinuz quiet console=ttyS0,115200 console=tty0 BOOTIF=$net_default_mac benchcast.sender=192.168.77.1
  echo "Benchcast: loading initramfs.img"
  initrd (http,192.168.77.1:49231)/initramfs.img
else
  echo "Benchcast: loading vmlinuz"
  linux (tftp,192.168.77.1)/vmlinuz quiet console=ttyS0,115200 console=tty0 BOOTIF=$net_default_mac benchcast.sender=192.168.77.1
  echo "Benchcast: loading initramfs.img"
  initrd (tftp,192.168.77.1)/initramfs.img
fi
boot
`)
})

test('iPXE loads over HTTP, names its initial ramdisk for UEFI, and passes on the same', () => {
  expect(ipxeScript(BENCH)).toBe(`#!ipxe
kernel http://192.168.77.1:49231/vmlinuz initrd=initramfs.img quiet console=ttyS0,115200 console=tty0 BOOTIF=\${netX/mac:hexhyp} benchcast.sender=192.168.77.1
initrd http://192.168.77.1:49231/initramfs.img
boot
`)
})
