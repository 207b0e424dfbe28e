/**
 * A fault as it crosses a boundary: RPC, control connection, `--json` output.
 *
 * Modules throw their own error class, whose `fault` is a precise union; what travels is its code, for programs, and
 * its sentence, for people. A sentence names the thing, the cause and what to do.
 */
import { z } from 'zod'

/** `area/what`, for example `image/truncated`. Areas: see `faultAreas`. */
export const faultSchema = z.strictObject({
  code: z
    .string()
    .max(64)
    .regex(/^[a-z]+\/[a-z0-9-]+$/),
  message: z.string().max(2000),
})

export type Fault = z.infer<typeof faultSchema>

/** Who can act on it: `image` and `disk` the file or target, `peer` the other machine, `net` the card or switch. */
export const faultAreas = [
  'image',
  'catalog',
  'disk',
  'net',
  'peer',
  'session',
  'boot',
  'rpc',
  'app',
] as const

/** An error that knows its fault. Every module's error class satisfies it. */
export interface FaultyError extends Error {
  readonly fault: { readonly code: string }
}

/** The fault inside any thrown value; anything unforeseen becomes `app/unexpected` with its own words. */
export function faultOf(thrown: unknown): Fault {
  if (thrown instanceof Error) {
    const fault = (thrown as Partial<FaultyError>).fault
    if (fault && typeof fault.code === 'string') {
      return { code: fault.code, message: thrown.message.slice(0, 2000) }
    }
    return { code: 'app/unexpected', message: thrown.message.slice(0, 2000) }
  }
  return { code: 'app/unexpected', message: String(thrown).slice(0, 2000) }
}
