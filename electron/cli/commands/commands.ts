/** Every command, in the order of a technician's day. */
import type { Command } from '../command.ts'
import { bootCommand } from './boot.ts'
import { demoCommand } from './demo.ts'
import { exportCommand } from './export.ts'
import { imagesCommand } from './images.ts'
import { importCommand } from './import.ts'
import { nicsCommand } from './nics.ts'
import { receiveCommand } from './receive.ts'
import { sendCommand } from './send.ts'
import { serveCommand } from './serve.ts'
import { verifyCommand } from './verify.ts'

export const commands: readonly Command[] = [
  demoCommand,
  importCommand,
  imagesCommand,
  verifyCommand,
  exportCommand,
  nicsCommand,
  sendCommand,
  receiveCommand,
  bootCommand,
  serveCommand,
]
