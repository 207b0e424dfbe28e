/** What the boot helper's servers see of a machine, in the order of its start. Times are Unix ms. */
import type { Firmware } from './firmware.ts'

export type BootEvent =
  /** A DISCOVER that asks to boot. */
  | {
      readonly kind: 'asked'
      readonly mac: string
      readonly uuid: string | null
      readonly firmware: Firmware | null
      readonly way: 'pxe' | 'http'
      readonly isIpxe: boolean
      /** A question's own number: repeated with it, renewed with each start. */
      readonly xid: number
      readonly atMs: number
    }
  /** Told a boot file, by an offer or on port 4011. */
  | { readonly kind: 'offered'; readonly mac: string; readonly file: string; readonly atMs: number }
  | {
      readonly kind: 'refused'
      readonly mac: string
      /** `own disk`: it was imaged, and is to start from there. */
      readonly reason: 'not admitted' | 'own disk' | 'no file' | 'pool empty'
      readonly atMs: number
    }
  /** Which address it has from now on: TFTP and HTTP know machines only by that. */
  | {
      readonly kind: 'addressed'
      readonly mac: string
      readonly address: string
      readonly atMs: number
    }
  /** A transfer by TFTP or HTTP. `aborted` only for ends by the client or by silence, never by a probe for size. */
  | {
      readonly kind: 'fetching' | 'fetched' | 'aborted'
      readonly address: string
      readonly file: string
      readonly part: BootPartName
      readonly atMs: number
    }
  /** The client in the boot environment reports. */
  | {
      readonly kind: 'up'
      readonly mac: string
      readonly uuid: string | null
      readonly address: string
      readonly atMs: number
    }

/** `bootFile`: what firmware starts (shim, iPXE). `other`: configuration, and what firmware looks for and may not find. */
export type BootPartName = 'bootFile' | 'kernel' | 'initramfs' | 'other'
