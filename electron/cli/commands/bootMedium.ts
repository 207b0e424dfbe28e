/** `benchcast boot-medium --to FILE.iso` */
import { findPartsDirectory, writeBootMedium } from '../../engine/boot/boot.ts'
import { defineCommand, jsonOption } from '../command.ts'
import { formatBytes } from '../figures.ts'
import { benchAddress, flag, optional, required, text } from '../options.ts'
import { printable } from '../table.ts'

export const bootMediumCommand = defineCommand({
  name: 'boot-medium',
  summary: 'Make a disc or stick that starts machines which cannot start over the network',
  operands: null,
  options: {
    to: required(text, {
      placeholder: 'FILE.iso',
      help: 'ISO file to write, or a whole USB stick such as /dev/sdb',
    }),
    sender: optional(benchAddress, {
      placeholder: 'ADDRESS',
      help: 'address of the bench its machines belong to; without it, the bench they hear',
    }),
    force: flag('replace a file that is there, or everything on the stick'),
    json: jsonOption,
  },
  details: [
    'Starts with BIOS and with UEFI, Secure Boot on or off, from a disc and from a stick: copy the file to one byte for byte. Machines that start from it write nothing: they wait for a session, and never take the medium itself for their disk. They find the bench by its announce, by --sender, or by an address that is typed at the machine, and need a DHCP server: without one on the switch, run benchcast boot. Needs the boot environment, built once with npm run boot-env.',
    ' JSON: {"event":"medium","toPath","bytes","senderAddress"}',
  ],
  run: async ({ values }, { output, signal }) => {
    const { to: toPath, sender: senderAddress } = values
    const { bytes } = await writeBootMedium({
      partsDirectory: findPartsDirectory(),
      toPath,
      senderAddress,
      replaces: values.force,
      signal,
    })
    output.event({ event: 'medium', toPath, bytes, senderAddress })
    const bench = senderAddress === null ? 'the bench they hear' : `the bench at ${senderAddress}`
    const name = printable(toPath)
    output.line(`${name} is a boot medium, written and read back: ${formatBytes(bytes)}.`)
    output.line(`Machines that start from it look for ${bench}.`)
    return true
  },
})
