/**
 * The house's shape, checked: who may import whom, one door to a folder, one page to a file. oxlint sees one file at a
 * time and knows no layers, so this is our own. It reads import statements by pattern, not by syntax tree: they start
 * a line here (the formatter sees to it), and a run takes a tenth of a second.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { builtinModules } from 'node:module'

/** `file` is relative to the checkout, with slashes. */
export interface Problem {
  readonly file: string
  readonly line: number
  readonly message: string
}

interface Import {
  readonly specifier: string
  readonly line: number
}

/** House style: aim at 80 to 250, stop here. */
const MAX_LINES = 400

const AREAS = ['electron', 'shared', 'client', 'renderer', 'build', 'test']

/** Layers, not modules: they have no door of their own, only their files and folders do. */
const LAYERS = new Set([
  ...AREAS,
  'electron/engine',
  // One migration to a file, listed by the database.
  'electron/engine/catalog/schema',
  // The parts of main.ts, which puts them together.
  'electron/shell',
  'renderer/app',
  'renderer/features',
  // A kit of parts: one packet type, one control, each imported by itself.
  'shared/protocol',
  'renderer/ui',
])

/** A feature of the window has two doors, as the house style's tree names them. */
const FEATURE_DOORS = ['Screen.tsx', 'slice.ts']

/** What a browser page may be made of. A package added here ends in the bundle that every window loads. */
const UI_PACKAGES = [
  '@tanstack/react-virtual',
  'get-nonce',
  'lucide-react',
  'radix-ui',
  'react',
  'react-dom',
  'uplot',
  'zod',
  'zustand',
]

/** What the boot environment holds: of the engine what both ends of a cable need. */
const CLIENT_PARTS = [
  'client',
  'shared',
  'electron/engine/net',
  'electron/engine/chunkHash',
  'electron/engine/libc',
]

/** The only code that Electron itself runs. build/setup/defaultApp.mjs is packed into a runtime. */
const ELECTRON_SIDE =
  /^(electron\/(main|preload)\.ts|electron\/(ipc|shell)\/.+|build\/setup\/defaultApp\.mjs)$/

const IS_TEST = /\.(test|netns)\.tsx?$|^test\//
const IS_CONFIG = /\.config\.ts$/

/** Every problem of one file; none for a file in order. Pure: the text is given. */
export function problemsIn(file: string, text: string): Problem[] {
  const at = (line: number, message: string): Problem => ({ file, line, message })
  const problems = shapeProblems(file, text).map(({ line, message }) => at(line, message))
  if (IS_CONFIG.test(file)) return problems
  for (const { specifier, line } of importsIn(text)) {
    const message = specifier.startsWith('.')
      ? wrongFile(file, path.posix.join(path.posix.dirname(file), specifier))
      : wrongPackage(file, specifier)
    if (message) problems.push(at(line, message))
  }
  return problems
}

/** Static, re-exporting and dynamic imports, and the modules of workers. */
export function importsIn(text: string): Import[] {
  const patterns = [
    /^[ \t]*(?:import|export)\b[^'"`;]*?\bfrom\s*['"]([^'"]+)['"]/gm,
    /^[ \t]*import\s*['"]([^'"]+)['"]/gm,
    /\bimport\(\s*['"]([^'"]+)['"]/g,
    /\bnew URL\(\s*['"](\.{1,2}\/[^'"]+\.(?:ts|mjs))['"]\s*,\s*import\.meta\.url/g,
  ]
  const found = patterns.flatMap(pattern =>
    [...text.matchAll(pattern)].map(match => ({
      specifier: match[1] ?? '',
      line: lineAt(text, match.index + match[0].length),
    })),
  )
  return found.sort((one, other) => one.line - other.line)
}

function shapeProblems(file: string, text: string): Omit<Problem, 'file'>[] {
  const problems: Omit<Problem, 'file'>[] = []
  const name = path.posix.basename(file)
  const lines = text.split('\n').length - (text.endsWith('\n') ? 1 : 0)
  if (lines > MAX_LINES) {
    const message = `${lines} lines: a file stops at ${MAX_LINES}. It holds two things by now; give each its own.`
    problems.push({ line: MAX_LINES + 1, message })
  }
  if (/^(index|utils?|helpers?)\.(tsx?|mjs)$/.test(name)) {
    const message = `${name} says nothing of what is inside. Name the file for its one purpose.`
    problems.push({ line: 1, message })
  }
  const byDefault = /^[ \t]*export\s+(?:default\b|\{[^}]*\bas\s+default\b)/m.exec(text)
  if (byDefault && !IS_CONFIG.test(file)) {
    const message = 'A default export has no name to search for. Export it by its name.'
    problems.push({ line: lineAt(text, byDefault.index), message })
  }
  const bridge = /\b(?:window|globalThis|self)\s*(?:\?\.|\.|\[\s*['"])\s*benchcast\b/.exec(
    withoutComments(text),
  )
  if (bridge && file.startsWith('renderer/') && file !== 'renderer/engine.ts') {
    const message =
      'Only renderer/engine.ts touches the preload bridge: the same page runs in a browser, where there is none.'
    problems.push({ line: lineAt(text, bridge.index), message })
  }
  return problems
}

function wrongPackage(file: string, specifier: string): string | null {
  const name = packageOf(specifier)
  if (name === 'electron') {
    if (ELECTRON_SIDE.test(file) || file.startsWith('test/window/')) return null
    return (
      "'electron' is for electron/main.ts, preload.ts, ipc/ and shell/ only: " +
      'everything else also runs headless, in tests and on machines without a display.'
    )
  }
  if (IS_TEST.test(file)) return null
  if (file.startsWith('shared/') && name !== 'zod') {
    return `shared/ runs in Node, browsers and the boot environment alike: of packages it takes only zod, not '${specifier}'.`
  }
  if (file.startsWith('renderer/') && (isBuiltin(specifier) || !UI_PACKAGES.includes(name))) {
    return (
      `The renderer is a sandboxed page: '${specifier}' is not among its packages ` +
      '(UI_PACKAGES in build/lint/imports.ts). What it needs of the system, the engine does for it.'
    )
  }
  return null
}

function wrongFile(file: string, target: string): string | null {
  if (IS_TEST.test(file) || file.startsWith('build/')) return null
  return wrongLayer(file, target) ?? wrongDoor(file, target)
}

function wrongLayer(file: string, target: string): string | null {
  const isIn = (area: string) => target.startsWith(`${area}/`)
  if (isIn('test') || isIn('build')) {
    return `${target} is not shipped: code that is must not import it.`
  }
  if (file.startsWith('shared/') && !isIn('shared')) {
    return `shared/ is what everything else stands on: it imports only itself and zod, not ${target}.`
  }
  if (file.startsWith('electron/engine/') && (isIn('renderer') || isOutsideEngine(target))) {
    return `The engine runs without a window: it must not import ${target}. Let the front end pass in what is needed.`
  }
  if (file.startsWith('renderer/') && !isIn('renderer') && !isIn('shared')) {
    return `The renderer talks to the engine only through shared/ipc.ts: it must not import ${target}.`
  }
  if (file.startsWith('client/') && !CLIENT_PARTS.some(isIn)) {
    return `The client also runs in the boot environment, which holds ${CLIENT_PARTS.join(', ')} only, not ${target}.`
  }
  if (file.startsWith('electron/') && isIn('renderer')) {
    return `${target} belongs to the page. What both sides need lives in shared/.`
  }
  return null
}

function isOutsideEngine(target: string): boolean {
  return target.startsWith('electron/') && !target.startsWith('electron/engine/')
}

/** The outermost folder that `target` is in and `file` is not must be entered by the file bearing its name. */
function wrongDoor(file: string, target: string): string | null {
  const from = path.posix.dirname(file).split('/')
  const parts = target.split('/').slice(0, -1)
  for (const depth of parts.keys()) {
    const folder = parts.slice(0, depth + 1).join('/')
    if (parts[depth] === from[depth] && from.slice(0, depth + 1).join('/') === folder) continue
    if (LAYERS.has(folder)) continue
    const name = parts[depth] ?? ''
    const inside = target.slice(folder.length + 1)
    if (inside === `${name}.ts` || inside === `${name}.tsx`) return null
    if (parts[depth - 1] === 'features' && FEATURE_DOORS.includes(inside)) return null
    return `${folder}/ is entered by ${folder}/${name}.ts, which says what it offers: import that, not ${inside}.`
  }
  return null
}

function packageOf(specifier: string): string {
  const parts = specifier.split('/')
  return parts.slice(0, specifier.startsWith('@') ? 2 : 1).join('/')
}

function isBuiltin(specifier: string): boolean {
  return specifier.startsWith('node:') || builtinModules.includes(specifier)
}

/** Comments become blanks of equal length, so that places stay what they were. */
function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\/|^[ \t]*\/\/.*$/gm, comment =>
    comment.replace(/[^\n]/g, ' '),
  )
}

function lineAt(text: string, index: number): number {
  return text.slice(0, index).split('\n').length
}

function sourceFiles(root: string): string[] {
  return AREAS.filter(area => existsSync(path.join(root, area))).flatMap(area =>
    readdirSync(path.join(root, area), { recursive: true, encoding: 'utf8' })
      .map(name => `${area}/${name.split(path.sep).join('/')}`)
      .filter(name => /\.(tsx?|mjs)$/.test(name) && !/\/(node_modules|out|dist)\//.test(name))
      .sort(),
  )
}

if (import.meta.main) {
  const root = path.join(import.meta.dirname, '..', '..')
  const problems = sourceFiles(root).flatMap(file =>
    problemsIn(file, readFileSync(path.join(root, file), 'utf8')),
  )
  for (const { file, line, message } of problems) console.log(`${file}:${line}: ${message}`)
  process.exitCode = problems.length > 0 ? 1 : 0
}
