import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { expect, test } from 'vitest'

const INIT = path.join(import.meta.dirname, 'init')

/** Runs two functions of init alone, with a command line of our own. */
function bootMac(commandLine: string): string {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'benchcast-init-'))
  try {
    const cmdline = path.join(directory, 'cmdline')
    fs.writeFileSync(cmdline, `${commandLine}\n`)
    const script = fs.readFileSync(INIT, 'utf8')
    const option = /^option\(\) .*$/m.exec(script)?.[0] ?? ''
    const mac = /^boot_mac\(\) \{\n[^]*?^\}$/m.exec(script)?.[0] ?? ''
    const answer = spawnSync('sh', ['-c', `cmdline=${cmdline}\n${option}\n${mac}\nboot_mac`], {
      encoding: 'utf8',
    })
    expect(answer.stderr).toBe('')
    return answer.stdout.trim()
  } finally {
    fs.rmSync(directory, { recursive: true, force: true })
  }
}

test.each([
  ['iPXE', 'quiet BOOTIF=52-54-00-AB-cd-0e benchcast.sender=10.0.0.1'],
  ['GRUB', 'BOOT_IMAGE=/vmlinuz quiet BOOTIF=52:54:00:ab:cd:0e'],
  ['PXELINUX', 'quiet BOOTIF=01-52-54-00-ab-cd-0e'],
])('the card is known from the spelling of %s', (_, commandLine) => {
  expect(bootMac(commandLine)).toBe('52:54:00:ab:cd:0e')
})

test('without a card on the command line none is named', () => {
  expect(bootMac('quiet console=tty0')).toBe('')
})

test('init and the hook of udhcpc are scripts that a shell can read', () => {
  for (const name of ['init', 'udhcpc.script']) {
    const { stderr, status } = spawnSync('sh', ['-n', path.join(import.meta.dirname, name)], {
      encoding: 'utf8',
    })
    expect({ stderr, status }).toEqual({ stderr: '', status: 0 })
  }
})
