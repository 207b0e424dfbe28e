import { describe, expect, test } from 'vitest'
import { importsIn, problemsIn } from './imports.ts'

/** Line and first words of what is wrong with a file that holds one import. */
function importing(file: string, specifier: string): string[] {
  return problemsIn(file, `import { x } from '${specifier}'\n`).map(problem => problem.message)
}

describe('finding imports', () => {
  test('an import over several lines counts at its last line', () => {
    expect(importsIn(['import {', '  a,', "} from './a.ts'"].join('\n'))).toEqual([
      { specifier: './a.ts', line: 3 },
    ])
  })

  test('type imports, re-exports, effects, dynamic imports and workers are all found', () => {
    const text = [
      "import type { A } from './a.ts'",
      "export { b } from './b.ts'",
      "import './c.css'",
      "const d = await import('./d.ts')",
      "const e = new Worker(new URL('./e.ts', import.meta.url))",
    ]
    expect(importsIn(text.join('\n')).map(found => found.specifier)).toEqual([
      './a.ts',
      './b.ts',
      './c.css',
      './d.ts',
      './e.ts',
    ])
  })

  test('words in comments and strings are not imports', () => {
    const text = [
      "// import { a } from './a.ts'",
      " * import './b.ts'",
      "say('comes from ', 'here')",
    ]
    expect(importsIn(text.join('\n'))).toEqual([])
  })
})

describe('layers', () => {
  test.each([
    ['electron/engine/engine.ts', 'electron', 'headless'],
    ['electron/cli/cli.ts', 'electron', 'headless'],
    ['client/receive.ts', 'electron', 'headless'],
    ['electron/engine/engine.ts', '../ipc/ipc.ts', 'without a window'],
    ['electron/engine/sender/sender.ts', '../../../renderer/engine.ts', 'without a window'],
    ['shared/rpc.ts', 'node:fs', 'only zod'],
    ['shared/rpc.ts', 'react', 'only zod'],
    ['shared/protocol/data.ts', '../../client/client.ts', 'stands on'],
    ['renderer/app/store.ts', 'node:path', 'sandboxed page'],
    ['renderer/app/store.ts', 'ws', 'sandboxed page'],
    ['renderer/app/store.ts', 'electron', 'headless'],
    ['renderer/engine.ts', '../electron/preload.ts', 'shared/ipc.ts'],
    ['client/receive.ts', '../electron/engine/catalog/catalog.ts', 'boot environment'],
    ['electron/main.ts', '../renderer/engine.ts', 'belongs to the page'],
    ['client/receive.ts', '../test/netns/harness.ts', 'not shipped'],
  ])('%s may not import %s', (file, specifier, reason) => {
    expect(importing(file, specifier)).toEqual([expect.stringContaining(reason)])
  })

  test.each([
    ['electron/main.ts', 'electron'],
    ['electron/ipc/ipc.ts', 'electron'],
    ['electron/engine/engine.ts', 'node:fs'],
    ['electron/engine/engine.ts', '../../client/client.ts'],
    ['electron/cli/cli.ts', '../engine/engine.ts'],
    ['shared/ipc.ts', 'zod'],
    ['renderer/app/store.ts', 'zustand/vanilla'],
    ['renderer/features/catalog/Screen.tsx', '../../../shared/ipc.ts'],
    ['renderer/ui/Button.tsx', 'radix-ui'],
    ['client/receive.ts', '../electron/engine/net/net.ts'],
    ['client/chunkWorker.ts', '../electron/engine/chunkHash/chunkHash.ts'],
    ['client/receive.ts', '../shared/protocol/data.ts'],
    ['shared/rpc.test.ts', 'node:worker_threads'],
    ['renderer/vite.config.ts', '@vitejs/plugin-react'],
  ])('%s may import %s', (file, specifier) => {
    expect(importing(file, specifier)).toEqual([])
  })
})

describe('doors', () => {
  test.each([
    ['electron/engine/engine.ts', './catalog/packs.ts', 'electron/engine/catalog/catalog.ts'],
    [
      'electron/engine/sender/sender.ts',
      '../catalog/packs.ts',
      'electron/engine/catalog/catalog.ts',
    ],
    ['electron/engine/engine.ts', './boot/dhcp/dhcp.ts', 'electron/engine/boot/boot.ts'],
    ['client/receive.ts', '../electron/engine/net/nics.ts', 'electron/engine/net/net.ts'],
    [
      'renderer/app/Shell.tsx',
      '../features/session/Tile.tsx',
      'renderer/features/session/session.ts',
    ],
  ])('%s may not reach past the door with %s', (file, specifier, door) => {
    expect(importing(file, specifier)).toEqual([expect.stringContaining(`entered by ${door}`)])
  })

  test.each([
    ['electron/engine/engine.ts', './catalog/catalog.ts'],
    ['electron/engine/catalog/catalog.ts', './packs.ts'],
    ['electron/engine/catalog/import/reader.ts', '../packs.ts'],
    ['electron/engine/boot/boot.ts', './dhcp/dhcp.ts'],
    ['electron/engine/catalog/catalog.test.ts', '../sender/carousel.ts'],
    ['renderer/app/Shell.tsx', '../features/session/Screen.tsx'],
    ['renderer/features/session/Tile.tsx', '../../ui/Button.tsx'],
  ])('%s may import %s', (file, specifier) => {
    expect(importing(file, specifier)).toEqual([])
  })

  test("a worker's module is behind the same door", () => {
    const text = "new Worker(new URL('../catalog/hash.ts', import.meta.url))\n"
    expect(problemsIn('electron/engine/sender/sender.ts', text)).toHaveLength(1)
  })
})

describe('shape', () => {
  test('a file of 400 lines passes and one of 401 does not', () => {
    expect(problemsIn('client/a.ts', '\n'.repeat(400))).toEqual([])
    expect(problemsIn('client/a.ts', '\n'.repeat(401))).toMatchObject([{ line: 401 }])
  })

  test('default exports are refused except where a tool asks for one', () => {
    const text = 'const a = 1\nexport default a\n'
    expect(problemsIn('client/a.ts', text)).toMatchObject([{ line: 2 }])
    expect(problemsIn('client/a.ts', 'export { a as default }\n')).toHaveLength(1)
    expect(problemsIn('vitest.config.ts', text)).toEqual([])
  })

  test('names that say nothing are refused', () => {
    expect(problemsIn('client/utils.ts', '')).toHaveLength(1)
    expect(problemsIn('client/index.ts', '')).toHaveLength(1)
  })

  test('the preload bridge is touched in renderer/engine.ts alone', () => {
    const text = 'window.benchcast.send(1)\n'
    expect(problemsIn('renderer/app/Shell.tsx', text)).toMatchObject([{ line: 1 }])
    expect(problemsIn('renderer/engine.ts', text)).toEqual([])
    expect(problemsIn('renderer/app/Shell.tsx', '// window.benchcast is elsewhere\n')).toEqual([])
  })
})
