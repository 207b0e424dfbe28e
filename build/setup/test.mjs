/**
 * `npm test`: every check and test, from a bare checkout. All stages run whatever fails; the last line is the verdict,
 * `N passed, N failed`, in tests. A stage that fails without a failed test (lint, a crash) counts as one. Before it stands
 * each test that failed, or failed at first, with the start of its reason, for a reader who has only the end of a long
 * log.
 *
 * `npm test -- lint netns` runs only the stages named. `npm run test:full` (testFull.mjs) adds the stage `full`.
 */
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { constants } from 'node:os'
import { join, relative } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { ensureBootEnvironment } from './bootParts.mjs'
import { ensureBuilt } from './bundle.mjs'
import { runCheck } from './check.mjs'
import { runForeground } from './child.mjs'
import { ensureDebian } from './debian.mjs'
import { electronEnvironment, ensureElectron } from './electron.mjs'
import { runCommand, SetupError } from './fault.mjs'
import { underNode24, withNode24 } from './install.mjs'
import { node24, root, tool } from './paths.mjs'

const NOTHING_RUN = { code: 0, passed: 0, failed: 0, note: '', reasons: [] }

const STAGES = {
  lint: async () => ({ ...NOTHING_RUN, code: await runCheck('lint') }),
  format: async () => ({ ...NOTHING_RUN, code: await runCheck('format') }),
  typecheck: async () => ({ ...NOTHING_RUN, code: await runCheck('typecheck') }),
  unit: () => runVitest('unit', 'vitest.config.ts'),
  netns: () => runInNamespaces('netns'),
  boot: runBoot,
  window: runWindow,
  full: () => runInNamespaces('full'),
}

/** Of a reason, in the list at the end. The whole of it stands where the test ran. */
const REASON_CHARACTERS = 300

/** Takes many minutes, so it runs only when asked for. */
const usualStages = () =>
  Object.keys(STAGES).filter(name => name !== 'full' || process.env.BENCHCAST_TEST_FULL === '1')

await runCommand(() =>
  underNode24(import.meta.url, async () => {
    const asked = process.argv.slice(2)
    const unknown = asked.find(name => !Object.hasOwn(STAGES, name))
    if (unknown) {
      throw new SetupError(
        'setup/usage',
        `There is no stage "${unknown}": ${Object.keys(STAGES).join(', ')}.`,
      )
    }
    await ensureDebian('test')
    return runStages(asked.length > 0 ? asked : usualStages())
  }),
)

async function runStages(names) {
  const ended = []
  // The stage's own process gets the signal too (runForeground); here it means: no further stage.
  let stoppedBy = null
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
    process.once(signal, () => (stoppedBy = signal))
  for (const name of names) {
    process.stdout.write(`\n=== ${name}\n`)
    const startedAtMs = Date.now()
    const result = await STAGES[name]().catch(error => {
      process.stdout.write(`${error instanceof SetupError ? error.message : error.stack}\n`)
      return { ...NOTHING_RUN, code: 1 }
    })
    const failed = result.code === 0 ? result.failed : Math.max(1, result.failed)
    const seconds = ((Date.now() - startedAtMs) / 1000).toFixed(1)
    process.stdout.write(
      `=== ${name}: ${failed > 0 ? 'FAILED' : 'ok'} in ${seconds} s${result.note}\n`,
    )
    ended.push({ name, passed: result.passed, failed, reasons: result.reasons })
    if (stoppedBy) {
      process.stdout.write(`\nStopped by ${stoppedBy} during ${name}: there is no verdict.\n`)
      return 128 + constants.signals[stoppedBy]
    }
  }
  const failures = ended.filter(stage => stage.failed > 0).map(stage => stage.name)
  const reasons = ended.flatMap(stage => stage.reasons.map(reason => `${stage.name}: ${reason}\n`))
  if (reasons.length > 0) process.stdout.write(`\n${reasons.join('')}`)
  const sum = key => ended.reduce((total, stage) => total + stage[key], 0)
  process.stdout.write(failures.length > 0 ? `\nFailed: ${failures.join(', ')}\n` : '\n')
  process.stdout.write(`${sum('passed')} passed, ${sum('failed')} failed\n`)
  return failures.length > 0 ? 1 : 0
}

async function runInNamespaces(name) {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) {
    return { ...NOTHING_RUN, note: ' (not run: network namespaces need root on Linux)' }
  }
  return runVitest(name, `test/${name}/vitest.config.ts`)
}

/** The two quickest of what `npm run test:boot` runs. */
async function runBoot() {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) {
    return { ...NOTHING_RUN, note: ' (not run: network namespaces need root on Linux)' }
  }
  const system = existsSync('/etc/os-release') ? readFileSync('/etc/os-release', 'utf8') : ''
  if (process.arch !== 'x64' || !/^ID=debian$/m.test(system)) {
    return { ...NOTHING_RUN, note: ' (not run: machines are started on Debian for amd64 alone)' }
  }
  await ensureDebian('test:boot')
  await ensureBootEnvironment()
  return runVitest('boot', 'test/boot/vitest.config.ts', process.env, ['ready'])
}

async function runWindow() {
  await ensureBuilt()
  const { executable } = await ensureElectron()
  // Without a display named, the tests start an X server of their own: always the same size, and no windows in the way.
  const { DISPLAY: _, WAYLAND_DISPLAY: __, ...environment } = electronEnvironment()
  return runVitest('window', 'test/window/vitest.config.ts', {
    ...environment,
    BENCHCAST_ELECTRON: executable,
  })
}

async function runVitest(name, config, environment = process.env, files = []) {
  if (!existsSync(join(root, config)))
    throw new SetupError('setup/usage', `${config} is missing: nothing was tested.`)
  const report = join(root, 'test-results', `${name}.json`)
  rmSync(report, { force: true })
  const args = ['run', '--config', config, '--root', root, ...files]
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
  const code = await runForeground(node24, [tool('vitest', 'vitest.mjs'), ...args, ...reporters], {
    cwd: root,
    env: withNode24(environment),
  })
  return { code, ...countsIn(report) }
}

function countsIn(report) {
  // Whoever is stopped may end with 0 all the same.
  if (!existsSync(report)) return { ...NOTHING_RUN, failed: 1, note: ' (no report was written)' }
  const { numPassedTests, numFailedTests, numPendingTests, testResults } = JSON.parse(
    readFileSync(report, 'utf8'),
  )
  const note = numPendingTests > 0 ? `, ${numPendingTests} skipped` : ''
  return {
    passed: numPassedTests,
    failed: numFailedTests,
    note,
    reasons: testResults.flatMap(failuresOf),
  }
}

/** One line for each test of a file that failed, in the end or at first, and one where the file itself could not be run. */
function failuresOf({ name: file, status, message, assertionResults }) {
  const failed = assertionResults
    .filter(test => test.failureMessages.length > 0)
    .map(test => ({
      name: test.status === 'failed' ? test.fullName : `${test.fullName} (passed at a second try)`,
      reason: test.failureMessages[0] ?? '',
    }))
  if (failed.length === 0 && status === 'failed') failed.push({ name: '', reason: message ?? '' })
  return failed.map(({ name, reason }) => {
    const [firstLine] = stripVTControlCharacters(reason).split('\n')
    return `${relative(root, file)} ${name}: ${firstLine.slice(0, REASON_CHARACTERS)}`
  })
}
