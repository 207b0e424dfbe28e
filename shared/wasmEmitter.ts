/**
 * Writes a WebAssembly module: just the sections and instructions that are used here, by the binary format of the
 * WebAssembly Core Specification 3.0 §5 (several memories; all else is in 2.0). Bytes are collected in plain arrays;
 * nothing is checked, the engine that compiles the module does that.
 */

export const I32 = 0x7f
export const V128 = 0x7b
const FUNCREF = 0x70

export interface WasmFunction {
  /** Index into the module's types. */
  readonly type: number
  /** Runs of locals behind the parameters. */
  readonly locals: readonly { readonly count: number; readonly type: number }[]
  readonly code: CodeWriter
}

export interface FunctionType {
  readonly parameters: readonly number[]
  readonly results: readonly number[]
}

export interface WasmModule {
  readonly types: readonly FunctionType[]
  readonly functions: readonly WasmFunction[]
  /** 64 KiB each; fixed, exported as `memory`. None: the imported ones are all there is. */
  readonly memoryPages?: number
  /** Shared memories of any size, imported from `memory` by these names; numbered from 0. */
  readonly importedMemories?: readonly string[]
  /** Functions reachable by `callIndirect`: table slot 1 holds the first one; slot 0 traps. */
  readonly tableFunctions?: readonly number[]
  /** The function exported as `run`. */
  readonly exportedFunction: number
}

/** Of an imported memory: 4 GiB, all that 32 bits address. */
const MAX_PAGES = 65_536
/** Limits with a maximum, of memory that threads share. */
const SHARED = 0x03

export function encodeModule(module: WasmModule): Uint8Array<ArrayBuffer> {
  const bytes = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00] // "\0asm", version 1
  const { importedMemories = [], tableFunctions = [], memoryPages } = module
  const types = module.types.map(({ parameters, results }) => [
    0x60,
    ...vector(parameters.map(t => [t])),
    ...vector(results.map(t => [t])),
  ])
  section(bytes, 1, vector(types))
  const imports = importedMemories.map(memory => [
    ...name('memory'),
    ...name(memory),
    0x02,
    SHARED,
    0,
    ...unsigned(MAX_PAGES),
  ])
  if (imports.length > 0) section(bytes, 2, vector(imports))
  section(bytes, 3, vector(module.functions.map(f => unsigned(f.type))))
  if (tableFunctions.length > 0) {
    const slots = unsigned(tableFunctions.length + 1)
    section(bytes, 4, vector([[FUNCREF, 0x01, ...slots, ...slots]]))
  }
  const exported = [[...name('run'), 0x00, ...unsigned(module.exportedFunction)]]
  if (memoryPages !== undefined) {
    const pages = unsigned(memoryPages)
    section(bytes, 5, vector([[0x01, ...pages, ...pages]]))
    exported.unshift([...name('memory'), 0x02, 0])
  }
  section(bytes, 7, vector(exported))
  if (tableFunctions.length > 0) {
    const table = [0, I32_CONST, 1, END, ...vector(tableFunctions.map(unsigned))]
    section(bytes, 9, vector([table]))
  }
  section(bytes, 10, vector(module.functions.map(code)))
  return new Uint8Array(bytes)
}

/** The instructions of one function, without its closing `end`. Locals are numbered from the first parameter on. */
export class CodeWriter {
  readonly bytes: number[] = []

  /** No value in, none out: a loop carries its state in locals. Closed by `end`. */
  loop(): void {
    this.bytes.push(0x03, 0x40)
  }

  /** What `leaveIf` leaves. Closed by `end`. */
  block(): void {
    this.bytes.push(0x02, 0x40)
  }

  end(): void {
    this.bytes.push(END)
  }

  /** Jumps to the head of the innermost loop if the number on the stack is not 0. */
  repeatIf(): void {
    this.bytes.push(0x0d, 0)
  }

  repeat(): void {
    this.bytes.push(0x0c, 0)
  }

  /** In a loop that stands alone in a block: to the block's end if the number on the stack is not 0. */
  leaveIf(): void {
    this.bytes.push(0x0d, 1)
  }

  get(local: number): void {
    this.bytes.push(0x20)
    pushUnsigned(this.bytes, local)
  }

  set(local: number): void {
    this.bytes.push(0x21)
    pushUnsigned(this.bytes, local)
  }

  /** 32 bits, with or without a sign. */
  constant(value: number): void {
    this.bytes.push(0x41)
    pushSigned(this.bytes, value | 0)
  }

  add(): void {
    this.bytes.push(0x6a)
  }

  subtract(): void {
    this.bytes.push(0x6b)
  }

  multiply(): void {
    this.bytes.push(0x6c)
  }

  and(): void {
    this.bytes.push(0x71)
  }

  or(): void {
    this.bytes.push(0x72)
  }

  xor(): void {
    this.bytes.push(0x73)
  }

  shiftLeft(): void {
    this.bytes.push(0x74)
  }

  shiftRight(): void {
    this.bytes.push(0x76)
  }

  isZero(): void {
    this.bytes.push(0x45)
  }

  equal(): void {
    this.bytes.push(0x46)
  }

  notEqual(): void {
    this.bytes.push(0x47)
  }

  lessUnsigned(): void {
    this.bytes.push(0x49)
  }

  atLeastUnsigned(): void {
    this.bytes.push(0x4f)
  }

  loadByte(offset = 0, memory = 0): void {
    this.access(0x2d, offset, memory)
  }

  /** 16 bits, little-endian, as all that is read here; any address will do. */
  loadShort(offset = 0, memory = 0): void {
    this.access(0x2f, offset, memory)
  }

  loadWord(offset = 0, memory = 0): void {
    this.access(0x28, offset, memory)
  }

  /** Takes the address, then the value, from the stack. */
  storeByte(offset = 0, memory = 0): void {
    this.access(0x3a, offset, memory)
  }

  /** Takes to, from and length from the stack. */
  copy(toMemory: number, fromMemory: number): void {
    this.bytes.push(0xfc, 0x0a)
    pushUnsigned(this.bytes, toMemory)
    pushUnsigned(this.bytes, fromMemory)
  }

  private access(instruction: number, offset: number, memory: number): void {
    this.bytes.push(instruction)
    if (memory === 0) this.bytes.push(0)
    else {
      this.bytes.push(NAMES_MEMORY)
      pushUnsigned(this.bytes, memory)
    }
    pushUnsigned(this.bytes, offset)
  }

  /** 16 bytes from the address on the stack plus `offset`. The alignment is a hint: any address will do. */
  loadVector(offset: number): void {
    this.bytes.push(0xfd, 0x00, ALIGN_16)
    pushUnsigned(this.bytes, offset)
  }

  storeVector(offset: number): void {
    this.bytes.push(0xfd, 0x0b, ALIGN_16)
    pushUnsigned(this.bytes, offset)
  }

  xorVector(): void {
    this.bytes.push(0xfd, 0x51)
  }

  /** Takes the arguments, then the table slot, from the stack. */
  callIndirect(type: number): void {
    this.bytes.push(0x11)
    pushUnsigned(this.bytes, type)
    this.bytes.push(0)
  }
}

const END = 0x0b
const I32_CONST = 0x41
/** Exponent of 2. */
const ALIGN_16 = 4
/** Beside the alignment: a memory's number follows. */
const NAMES_MEMORY = 0x40

function code(f: WasmFunction): number[] {
  const locals = vector(f.locals.map(run => [...unsigned(run.count), run.type]))
  return [...unsigned(locals.length + f.code.bytes.length + 1), ...locals, ...f.code.bytes, END]
}

function name(text: string): number[] {
  return vector(Array.from(text, letter => [letter.charCodeAt(0)]))
}

function vector(items: readonly (readonly number[])[]): number[] {
  const bytes = unsigned(items.length)
  for (const item of items) append(bytes, item)
  return bytes
}

function section(bytes: number[], id: number, content: readonly number[]): void {
  bytes.push(id, ...unsigned(content.length))
  append(bytes, content)
}

/** Not push(...): the code section is longer than an argument list may be. */
function append(bytes: number[], more: readonly number[]): void {
  for (const byte of more) bytes.push(byte)
}

function unsigned(value: number): number[] {
  const bytes: number[] = []
  pushUnsigned(bytes, value)
  return bytes
}

/** LEB128, spec §5.2.2. */
function pushUnsigned(bytes: number[], value: number): void {
  let rest = value
  while (rest >= 0x80) {
    bytes.push((rest & 0x7f) | 0x80)
    rest >>>= 7
  }
  bytes.push(rest)
}

/** The last byte's second-highest bit is the sign. */
function pushSigned(bytes: number[], value: number): void {
  let rest = value
  while (rest < -0x40 || rest >= 0x40) {
    bytes.push((rest & 0x7f) | 0x80)
    rest >>= 7
  }
  bytes.push(rest & 0x7f)
}
