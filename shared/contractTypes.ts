/** Kinds of value that the contract's rows share. Bounds keep a broken engine from filling a page's memory. */
import { z } from 'zod'

export const count = z.number().int().nonnegative()
export const bytes = z.number().int().nonnegative().max(Number.MAX_SAFE_INTEGER)
export const atMs = z.number().nonnegative()
export const text = z.string().max(4096)
export const imageId = z.string().regex(/^[0-9a-f]{64}$/)
export const sessionId = z.string().regex(/^[0-9a-f]{8}$/)
export const receiverId = z.string().regex(/^[0-9a-f]{32}$/)
