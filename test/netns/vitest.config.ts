/** Tests in network namespaces. Those that measure time and loss have both cores to themselves; the others mostly wait. */
import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config'
import { keepCompiledCode } from '../compiledCode.ts'

keepCompiledCode()

/** What they prove does not depend on how long anything takes, so several of them share the computer. */
const PATIENT = [
  'benchAddress',
  'benchMachines',
  'boot',
  'bootCrowd',
  'bootRights',
  'delivery',
  'dhcpProbe',
  'dhcpServer',
  'dhcpService',
  'harness',
  'mtu',
  'querier',
  'refresh',
  'session',
  'severalSessions',
  'tftp',
  'trouble',
  'udpcast',
  'udpcastEngine',
].map(name => `test/netns/${name}.netns.ts`)

function project(
  name: string,
  test: TestProjectInlineConfiguration['test'],
): TestProjectInlineConfiguration {
  return {
    test: {
      name,
      // Times and random loss on a computer that may be busy with something else: what fails twice in a row is broken.
      retry: 1,
      globalSetup: ['test/built.ts'],
      pool: 'forks',
      testTimeout: 120_000,
      hookTimeout: 60_000,
      ...test,
    },
  }
}

export default defineConfig({
  test: {
    projects: [
      project('patient', { include: PATIENT, maxWorkers: 3, sequence: { groupOrder: 0 } }),
      project('alone', {
        include: ['test/netns/*.netns.ts'],
        exclude: PATIENT,
        fileParallelism: false,
        sequence: { groupOrder: 1 },
      }),
    ],
  },
})
