/**
 * What the boot environment is made of: Debian 13's packages, and of each only the files that a machine needs that
 * shows itself, receives an image and writes it. Data alone; `bootEnv.ts` puts it together.
 */

/** Its GRUB works behind proxyDHCP and over HTTP: Debian 12's does not. */
export const SUITE = 'trixie'

/** Firmware for cards is not free software. */
export const COMPONENTS = ['main', 'non-free-firmware'] as const

/** Depends on the newest signed kernel, whose name changes with each version. */
export const KERNEL_META_PACKAGE = 'linux-image-amd64'

/** Fetched alone: their dependencies are those of an installed system. */
export const LOADER_PACKAGES = [
  'shim-signed',
  'shim-helpers-amd64-signed',
  'grub-efi-amd64-signed',
  'ipxe',
  'isolinux',
  'syslinux-common',
  'firmware-realtek',
  'firmware-misc-nonfree',
] as const

/** Fetched with what they depend on, for the libraries. */
export const TOOL_PACKAGES = [
  'busybox-static',
  'dosfstools',
  'e2fsprogs',
  'fdisk',
  'gdisk',
  'libstdc++6', // Node's.
  'ntfs-3g',
  'partclone',
  'util-linux',
  'wimtools',
] as const

/** Where packages keep the loaders. The names they are served by are of `PART`. */
export const LOADER_FILES = {
  shim: 'usr/lib/shim/shimx64.efi.signed',
  grub: 'usr/lib/grub/x86_64-efi-signed/grubnetx64.efi.signed',
  mokManager: 'usr/lib/shim/mmx64.efi.signed',
  biosIpxe: 'usr/lib/ipxe/undionly.kpxe',
} as const

/** What a boot medium has besides: GRUB for discs, and for BIOS ISOLINUX with the boot sector that makes it a stick's. */
export const MEDIUM_FILES = {
  grub: 'usr/lib/grub/x86_64-efi-signed/gcdx64.efi.signed',
  isolinux: 'usr/lib/ISOLINUX/isolinux.bin',
  isolinuxModule: 'usr/lib/syslinux/modules/bios/ldlinux.c32',
  stickBootSector: 'usr/lib/ISOLINUX/isohdpfx.bin',
} as const

/** The libraries they link against come along. */
export const PROGRAMS = [
  'usr/sbin/blkid',
  'usr/sbin/e2fsck',
  'usr/sbin/mke2fs',
  'usr/sbin/mkfs.fat',
  'usr/sbin/mkntfs',
  'usr/bin/ntfs-3g',
  'usr/bin/ntfsfix',
  'usr/sbin/ntfsresize',
  'usr/sbin/partclone.extfs',
  'usr/sbin/partclone.fat',
  'usr/sbin/partclone.ntfs',
  'usr/sbin/partclone.restore',
  'usr/sbin/resize2fs',
  'usr/sbin/sfdisk',
  'usr/sbin/sgdisk',
  'usr/sbin/wipefs',
  'usr/bin/wimlib-imagex',
] as const

/** Applets that init and the console's shell use. Programs above have their own names. */
export const APPLETS = (
  'awk basename blockdev cat chmod chvt clear cp cttyhack cut date dd df dirname dmesg echo env expr false find free ' +
  'grep head hexdump hostname ifconfig ip kill less ln losetup ls md5sum mkdir mknod modprobe more mount mv ping ' +
  'poweroff printf ps pwd readlink reboot rm rmdir route sed seq setsid sh sha256sum sleep sort stat stty switch_root ' +
  'sync tail tee test tftp top touch tr true udhcpc umount uname uniq vi wc wget which xargs xxd'
).split(' ')

/** Cards by cable, and the USB adapters that technicians carry. */
const NETWORK_MODULES = [
  'e1000 e1000e igb igc ixgbe i40e', // Intel
  'r8169 realtek 8139too 8139cp', // Realtek
  'tg3 broadcom', // Broadcom
  'atlantic aquantia', // Aquantia
  'sky2 skge marvell alx atl1c', // Marvell, Atheros
  'virtio_net vmxnet3',
  'ax88179_178a asix r8152 cdc_ether cdc_ncm',
]

const DISK_MODULES = [
  'nvme ahci ata_piix ata_generic vmd',
  'virtio_blk virtio_scsi',
  'usb_storage uas',
  'megaraid_sas mpt3sas vmw_pvscsi mptspi',
  'mmc_block sdhci_pci sdhci_acpi',
  'sd_mod sr_mod',
]

const BASE_MODULES = [
  'virtio_pci virtio_rng',
  'xhci_pci ehci_pci uhci_hcd ohci_pci',
  'usbhid hid_generic i8042 atkbd', // A keyboard for the shell.
  'loop fuse ext4 vfat nls_cp437 nls_iso8859_1 nls_ascii efivarfs',
  'af_packet',
]

/** With what they depend on. Those that the kernel has built in count as there. */
export const MODULES = [...NETWORK_MODULES, ...DISK_MODULES, ...BASE_MODULES].flatMap(line =>
  line.split(' '),
)

/** Folders and files of firmware that the modules above ask for; graphics and wireless are left out. */
export const FIRMWARE = /^(rtl_nic\/|tigon\/)/
