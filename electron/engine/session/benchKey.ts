/**
 * The bench's own Ed25519 key (RFC 8032), kept beside the catalog, mode 0600. Receivers know their bench by it.
 */
import crypto from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'

export interface BenchKey {
  /** 32 bytes as hex. */
  readonly publicHex: string
  sign(bytes: Uint8Array): Uint8Array
}

const FILE = 'bench.key'

/** Reads the key, or makes one. Two engines starting at once end with the same key: the first file wins. */
export function openBenchKey(directory: string): BenchKey {
  const file = path.join(directory, FILE)
  const key = crypto.createPrivateKey(read(file) ?? create(file))
  const jwk = crypto.createPublicKey(key).export({ format: 'jwk' })
  return {
    publicHex: Buffer.from(jwk.x ?? '', 'base64url').toString('hex'),
    sign: bytes => crypto.sign(null, bytes, key),
  }
}

function read(file: string): string | null {
  try {
    const pem = fs.readFileSync(file, 'utf8')
    return pem.endsWith('-----END PRIVATE KEY-----\n') ? pem : null
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}

function create(file: string): string {
  const { privateKey } = crypto.generateKeyPairSync('ed25519')
  const pem = privateKey.export({ format: 'pem', type: 'pkcs8' }).toString()
  const draft = `${file}.${process.pid}`
  fs.writeFileSync(draft, pem, { mode: 0o600 })
  try {
    fs.linkSync(draft, file)
    return pem
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    const first = read(file)
    if (first !== null) return first
    fs.renameSync(draft, file) // A torn key from a crash: no receiver can know it yet.
    return pem
  } finally {
    fs.rmSync(draft, { force: true })
  }
}
