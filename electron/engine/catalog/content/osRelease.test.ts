/** os-release of well-known distributions. */
import { expect, test } from 'vitest'
import { distributionIn } from './osRelease.ts'

test.each([
  ['PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nNAME="Debian GNU/Linux"\nID=debian', 'Debian 12'],
  ['NAME="Ubuntu"\nPRETTY_NAME="Ubuntu 24.04.1 LTS"', 'Ubuntu 24.04.1 LTS'],
  ["PRETTY_NAME='Fedora Linux 40 (Workstation Edition)'", 'Fedora Linux 40'],
  ['NAME="Arch Linux"\nID=arch', 'Arch Linux'],
  ['NAME=Alpine\nVERSION_ID=3.20.1', 'Alpine 3.20.1'],
  ['# a comment\n\nID=buildroot\n', 'buildroot'],
  ['PRETTY_NAME="The \\"Best\\" OS"', 'The "Best" OS'],
  ['PRETTY_NAME=""\n', ''],
  ['', ''],
  ['pretty_name=x\n=\nPRETTY_NAME', ''],
])('%j is called %j', (text, name) => {
  expect(distributionIn(text)).toBe(name)
})
