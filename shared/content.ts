/** What an image holds, as found in its content when it was imported. */
import { z } from 'zod'
import { text } from './contractTypes.ts'

/**
 * `several`: more than one system starts from it. `data`: file systems, but no system that is seen to start from them;
 * that includes disks that are encrypted as a whole. `unknown`: nothing that is recognised.
 */
export const systemSchema = z.enum([
  'windows',
  'linux',
  'macos',
  'chromeos',
  'android',
  'several',
  'data',
  'unknown',
])
export type System = z.infer<typeof systemSchema>

export const contentSchema = z.strictObject({
  system: systemSchema,
  /** For people: `Windows, NTFS`, `Linux (Debian 12), ext4`. */
  words: text,
})
export type Content = z.infer<typeof contentSchema>
