/** A socket of a machine whose processor may be too slow for it: what finds it full is dropped and counted. */

export interface SimSocket {
  arrive(datagram: Uint8Array, nowMs: number): void
  /** What a processor of that speed reads since the last time; null for one that reads at once. */
  read(bitsPerSecond: number | null, nowMs: number): void
  kernelDrops(): number
}

const BUFFER_BYTES = 512 * 1024

export function createSimSocket(hear: (datagram: Uint8Array, nowMs: number) => void): SimSocket {
  const waiting: Uint8Array[] = []
  let waitingBytes = 0
  let isFast = true
  let owedBytes = 0
  let readAtMs = 0
  let kernelDrops = 0
  return {
    arrive(datagram, nowMs) {
      if (isFast && waiting.length === 0) hear(datagram, nowMs)
      else if (waitingBytes + datagram.length > BUFFER_BYTES) kernelDrops++
      else {
        waitingBytes += datagram.length
        waiting.push(datagram)
      }
    },
    read(bitsPerSecond, nowMs) {
      isFast = bitsPerSecond === null
      owedBytes += ((bitsPerSecond ?? Infinity) * (nowMs - readAtMs)) / 8000
      readAtMs = nowMs
      let read = 0
      for (let next = waiting[read]; next && owedBytes > 0; next = waiting[++read]) {
        owedBytes -= next.length
        waitingBytes -= next.length
        hear(next, nowMs)
      }
      waiting.splice(0, read)
      // Time without anything to read is not saved up.
      if (waiting.length === 0) owedBytes = Math.min(0, owedBytes)
    },
    kernelDrops: () => kernelDrops,
  }
}
