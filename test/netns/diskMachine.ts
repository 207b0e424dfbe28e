/** Machines of a lab in the boot environment, with disks of their own: loop devices over files full of a pattern. */
import fs from 'node:fs'
import path from 'node:path'
import { attachLoop } from './commands.ts'
import type { Lab, Running } from './harness.ts'

const SCRIPT = path.join(import.meta.dirname, 'bootMachine.ts')
const PATTERN = 'nobody may write here '

export interface DiskMachine {
  readonly running: Running
  readonly address: string
  /** By the disk's name: the file behind it. */
  readonly files: Readonly<Record<string, string>>
  /** Frees its loop devices, once it has ended. */
  detach(): void
}

/** `disks`: names and sizes in bytes. The bench is on host 0. */
export function turnOnMachine(
  lab: Lab,
  directory: string,
  host: number,
  disks: Readonly<Record<string, number>>,
): DiskMachine {
  const own = path.join(directory, `machine${host}`)
  fs.mkdirSync(path.join(own, 'dev'), { recursive: true })
  const files: Record<string, string> = {}
  const loops: ReturnType<typeof attachLoop>[] = []
  for (const [name, sizeBytes] of Object.entries(disks)) {
    const file = path.join(own, `${name}.img`)
    const loop = attachLoop(file, sizeBytes)
    loops.push(loop)
    fs.writeFileSync(file, Buffer.alloc(sizeBytes, PATTERN), { flag: 'r+' })
    files[name] = file
    fs.symlinkSync(loop.device, path.join(own, 'dev', name))
    const sys = path.join(own, 'sys', name)
    fs.mkdirSync(path.join(sys, 'device'), { recursive: true })
    fs.writeFileSync(path.join(sys, 'size'), `${sizeBytes / 512}\n`)
    fs.writeFileSync(path.join(sys, 'device/model'), `Disk ${name}\n`)
    fs.writeFileSync(path.join(sys, 'device/serial'), `serial-${name}\n`)
  }
  fs.writeFileSync(path.join(own, 'log'), '0.1 benchcast: card lan0\n')
  const args = [SCRIPT, 'lan0', lab.host(0).address, own]
  const running = lab.run(host, process.execPath, args)
  return {
    running,
    files,
    address: lab.host(host).address,
    detach() {
      for (const loop of loops) loop.detach()
    },
  }
}

/** Whether nobody has written over what such a disk began with. */
export function isPattern(bytes: Buffer): boolean {
  return bytes.equals(Buffer.alloc(bytes.length, PATTERN))
}
