/** A machine's code of four letters: what its own screen and its tile show, so that a person can tell which is which. */

/** Without letters that are read for digits or for each other. */
const LETTERS = 'ABCDEFHJKLMNPRSTUVWXYZ'

/** From the machine's id: the same at every start. 234,256 codes: two of 32 machines alike once in 470 benches. */
export function codeOf(machineId: string): string {
  let rest = Number.parseInt(machineId.slice(0, 8), 16)
  let code = ''
  for (let i = 0; i < 4; i++) {
    code += LETTERS[rest % LETTERS.length] ?? ''
    rest = Math.floor(rest / LETTERS.length)
  }
  return code
}
