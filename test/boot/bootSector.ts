/** The smallest system there is: a boot sector for a PC's BIOS that says a word over the serial line, and halts. */

const SECTOR_BYTES = 512
/** Where firmware loads it. */
const ORIGIN = 0x7c00
/** Length of the code below: the word follows. */
const WORD_AT = 22

/** x86 in 16-bit mode. */
export function bootSector(word: string): Buffer {
  const address = ORIGIN + WORD_AT
  const code = [
    [0xfa], // cli
    [0x31, 0xc0], // xor ax, ax
    [0x8e, 0xd8], // mov ds, ax
    [0xbe, address & 0xff, address >> 8], // mov si, word
    [0xba, 0xf8, 0x03], // mov dx, 0x3f8: COM1
    [0xac], // next: lodsb
    [0x84, 0xc0], // test al, al
    [0x74, 0x03], // jz end
    [0xee], // out dx, al
    [0xeb, 0xf8], // jmp next
    [0xf4], // end: hlt
    [0xeb, 0xfd], // jmp end
  ]
  const sector = Buffer.alloc(SECTOR_BYTES)
  sector.set(code.flat())
  sector.write(`${word}\r\n`, WORD_AT, 'latin1')
  sector.set([0x55, 0xaa], SECTOR_BYTES - 2)
  return sector
}
