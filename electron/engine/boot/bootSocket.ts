/** A socket of the boot helper, or the fault that says plainly why there is none. */
import {
  type CardListener,
  type CardSocket,
  type CardSocketOptions,
  openCardSocket,
} from '../net/net.ts'
import { BootError, type BootFault } from './bootError.ts'
import { grantCommand, thisProgram } from './permission.ts'
import { findPortHolder } from './portHolder.ts'

/** Faults: boot/not-permitted, boot/port-taken, boot/no-such-card, boot/cannot-listen. */
export async function openBootSocket(
  options: CardSocketOptions,
  listener: CardListener,
): Promise<CardSocket> {
  try {
    return await openCardSocket(options, listener)
  } catch (error) {
    throw new BootError(faultOfSocket(error, options), { cause: error })
  }
}

function faultOfSocket(error: unknown, { card, port }: CardSocketOptions): BootFault {
  const code = (error as NodeJS.ErrnoException).code
  switch (code) {
    case 'EACCES':
    case 'EPERM':
      return { code: 'boot/not-permitted', port, command: grantCommand(thisProgram()) }
    case 'EADDRINUSE':
      return { code: 'boot/port-taken', port, card, holder: findPortHolder(port) }
    case 'ENODEV':
      return { code: 'boot/no-such-card', card }
    default: {
      const reason = error instanceof Error ? error.message : String(error)
      return { code: 'boot/cannot-listen', card, port, reason }
    }
  }
}
