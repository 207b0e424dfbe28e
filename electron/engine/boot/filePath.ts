/**
 * A boot file's name as firmware asks for it, brought to the form in which files are listed: no leading, double or
 * trailing slashes (shim over UEFI HTTP Boot asks for `//grubx64.efi`), forward ones only (some ROMs send `\`).
 */

/** Longer than any name firmware has room for: DHCP's field holds 128 bytes. */
const MAX_PATH = 255

/** Null for what no listed file can be called: `..`, control characters, nothing. */
export function normalisePath(asked: string): string | null {
  if (asked.length > MAX_PATH || /[^\x20-\x7e]/.test(asked)) return null
  const parts = asked.replaceAll('\\', '/').split('/')
  const named = parts.filter(part => part !== '' && part !== '.')
  if (named.length === 0 || named.includes('..')) return null
  return named.join('/')
}
