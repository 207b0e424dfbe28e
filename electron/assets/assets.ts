/**
 * The built page, as the window's own protocol and the dashboard's HTTP server both give it out: a fixed set of file
 * kinds, nothing outside one directory, and a strict Content-Security-Policy.
 *
 * Radix's scroll lock injects one <style>, so each start makes a nonce; the page reads it from its <meta> and the
 * header allows it. Everything else is same-origin files.
 */
import { randomBytes } from 'node:crypto'
import { readFile, realpath } from 'node:fs/promises'
import path from 'node:path'

export interface Asset {
  readonly body: Uint8Array<ArrayBuffer>
  readonly headers: Readonly<Record<string, string>>
}

export interface Assets {
  /** The file for a URL's path (still percent-encoded), or null: there is no such file to give out. */
  find(urlPath: string): Promise<Asset | null>
}

/** Every kind of file that the build writes; anything else is not given out. */
const MIME_TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
}

const NONCE_PLACEHOLDER = '__CSP_NONCE__'

export function openAssets(directory: string): Assets {
  const nonce = randomBytes(16).toString('base64')
  const root = path.resolve(directory)
  return {
    async find(urlPath) {
      const file = locate(root, urlPath)
      const type = file === null ? undefined : MIME_TYPES[path.extname(file)]
      if (file === null || type === undefined) return null
      try {
        // A symbolic link inside the directory must not lead out of it.
        if ((await realpath(file)) !== path.join(await realpath(root), path.relative(root, file))) {
          return null
        }
        const content = await readFile(file)
        return {
          body: new Uint8Array(type.startsWith('text/html') ? withNonce(content, nonce) : content),
          headers: { 'content-type': type, ...securityHeaders(nonce) },
        }
      } catch {
        return null // Missing, a directory or unreadable: for the page all three are "not found".
      }
    },
  }
}

/** Sent with every answer, found or not. */
export function securityHeaders(nonce: string): Record<string, string> {
  return {
    'content-security-policy': [
      "default-src 'none'",
      "script-src 'self'",
      `style-src 'self' 'nonce-${nonce}'`,
      "img-src 'self' data:",
      "font-src 'self'",
      "connect-src 'self'",
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
    ].join('; '),
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'cache-control': 'no-store',
  }
}

/** Absolute path inside `root`, or null for anything that points elsewhere or does not decode. */
function locate(root: string, urlPath: string): string | null {
  let decoded: string
  try {
    decoded = decodeURIComponent(urlPath)
  } catch {
    return null
  }
  if (decoded.includes('\0') || decoded.includes('\\')) return null
  const file = path.join(root, decoded === '/' ? 'index.html' : decoded)
  return file.startsWith(root + path.sep) ? file : null
}

function withNonce(content: Uint8Array, nonce: string): Uint8Array {
  return Buffer.from(Buffer.from(content).toString('utf8').replaceAll(NONCE_PLACEHOLDER, nonce))
}
