/**
 * Writes a WebAssembly module: just the sections and instructions that the repair code needs, by the binary format of
 * the WebAssembly Core Specification 2.0 §5. Bytes are collected in plain arrays; nothing is checked, the engine that
 * compiles the module does that.
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

export interface WasmModule {
  /** Parameter types of each function type; none returns a value. */
  readonly types: readonly (readonly number[])[]
  readonly functions: readonly WasmFunction[]
  /** 64 KiB each; fixed, exported as `memory`. */
  readonly memoryPages: number
  /** Functions reachable by `callIndirect`: table slot 1 holds the first one; slot 0 traps. */
  readonly tableFunctions: readonly number[]
  /** The function exported as `run`. */
  readonly exportedFunction: number
}

export function encodeModule(module: WasmModule): Uint8Array<ArrayBuffer> {
  const bytes = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00] // "\0asm", version 1
  const slots = unsigned(module.tableFunctions.length + 1)
  const pages = unsigned(module.memoryPages)
  const types = module.types.map(parameters => [0x60, ...vector(parameters.map(t => [t])), 0])
  section(bytes, 1, vector(types))
  section(bytes, 3, vector(module.functions.map(f => unsigned(f.type))))
  section(bytes, 4, vector([[FUNCREF, 0x01, ...slots, ...slots]]))
  section(bytes, 5, vector([[0x01, ...pages, ...pages]]))
  const exported = [
    [...name('memory'), 0x02, 0],
    [...name('run'), 0x00, ...unsigned(module.exportedFunction)],
  ]
  section(bytes, 7, vector(exported))
  const table = [0, I32_CONST, 1, END, ...vector(module.tableFunctions.map(unsigned))]
  section(bytes, 9, vector([table]))
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

  end(): void {
    this.bytes.push(END)
  }

  /** Jumps to the head of the innermost loop if the number on the stack is not 0. */
  repeatIf(): void {
    this.bytes.push(0x0d, 0)
  }

  get(local: number): void {
    this.bytes.push(0x20)
    pushUnsigned(this.bytes, local)
  }

  set(local: number): void {
    this.bytes.push(0x21)
    pushUnsigned(this.bytes, local)
  }

  /** From 0 up. */
  constant(value: number): void {
    this.bytes.push(0x41)
    pushSigned(this.bytes, value)
  }

  add(): void {
    this.bytes.push(0x6a)
  }

  lessUnsigned(): void {
    this.bytes.push(0x49)
  }

  loadByte(): void {
    this.bytes.push(0x2d, 0, 0)
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

/** Of numbers from 0 up: the last byte must leave the sign bit clear. */
function pushSigned(bytes: number[], value: number): void {
  let rest = value
  while (rest >= 0x40) {
    bytes.push((rest & 0x7f) | 0x80)
    rest >>>= 7
  }
  bytes.push(rest)
}
