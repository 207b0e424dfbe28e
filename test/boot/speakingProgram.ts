/** The smallest program that can be a Linux system's first: writes a word to a file, and waits for ever. x86-64. */

/** ELF's own header and one program header (System V ABI, gABI ch. 4 and 5). */
const HEADER_BYTES = 64
const SEGMENT_BYTES = 56
const LOADED_AT = 0x40_0000
const READ_AND_EXECUTE = 5

/** A static executable. `file` must exist. */
export function speakingProgram(file: string, word: string): Buffer {
  const name = Buffer.from(`${file}\0`)
  const text = Buffer.from(word)
  const code = codeFor(name.length, text.length)
  const content = Buffer.concat([code, name, text])
  const bytes = HEADER_BYTES + SEGMENT_BYTES + content.length
  const header = Buffer.alloc(HEADER_BYTES + SEGMENT_BYTES)
  header.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]) // 64 bits, little-endian
  header.writeUInt16LE(2, 16) // an executable
  header.writeUInt16LE(62, 18) // for x86-64
  header.writeUInt32LE(1, 20)
  header.writeBigUInt64LE(BigInt(LOADED_AT + header.length), 24) // starts at
  header.writeBigUInt64LE(BigInt(HEADER_BYTES), 32)
  header.writeUInt16LE(HEADER_BYTES, 52)
  header.writeUInt16LE(SEGMENT_BYTES, 54)
  header.writeUInt16LE(1, 56)
  const segment = header.subarray(HEADER_BYTES)
  segment.writeUInt32LE(1, 0) // is loaded
  segment.writeUInt32LE(READ_AND_EXECUTE, 4)
  segment.writeBigUInt64LE(BigInt(LOADED_AT), 16)
  segment.writeBigUInt64LE(BigInt(LOADED_AT), 24)
  segment.writeBigUInt64LE(BigInt(bytes), 32)
  segment.writeBigUInt64LE(BigInt(bytes), 40)
  segment.writeBigUInt64LE(0x1000n, 48)
  return Buffer.concat([header, content])
}

/** open, write, then pause without end. The name follows the code, the word the name. */
function codeFor(nameBytes: number, wordBytes: number): Buffer {
  const codeBytes = 56
  const word32 = (value: number): number[] => [0, 8, 16, 24].map(shift => (value >> shift) & 0xff)
  const code = [
    [0xb8, ...word32(2)], // mov eax, open
    [0x48, 0x8d, 0x3d, ...word32(codeBytes - 12)], // lea rdi, name
    [0xbe, ...word32(1)], // mov esi, O_WRONLY
    [0x0f, 0x05], // syscall
    [0x89, 0xc7], // mov edi, eax
    [0xb8, ...word32(1)], // mov eax, write
    [0x48, 0x8d, 0x35, ...word32(codeBytes + nameBytes - 33)], // lea rsi, word
    [0xba, ...word32(wordBytes)], // mov edx, its length
    [0x0f, 0x05], // syscall
    [0xb8, ...word32(34)], // wait: mov eax, pause
    [0x0f, 0x05], // syscall
    [0xeb, 0xf7], // jmp wait
  ].flat()
  return Buffer.concat([Buffer.from(code), Buffer.alloc(codeBytes - code.length, 0x90)])
}
