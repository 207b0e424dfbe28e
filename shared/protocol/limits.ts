/**
 * Every number that a peer can drive, and the sizes both ends must agree on. PROTOCOL.md §3 gives the arithmetic.
 */

/** Raw bytes of a chunk; only the last one of an image may be shorter. Large enough for zstd, small enough to resend. */
export const CHUNK_BYTES = 1_048_576

/** Position value for a chunk of zeros: never stored, never sent. */
export const ZERO_CHUNK = 0xffff_ffff

/** Payload of one datagram. 11 x 128: divides by 16 for SIMD; with the header 1432, so IPv4, IPv6 and a VLAN fit 1500. */
export const SYMBOL_BYTES = 1408

/** Header of a data datagram, bytes. */
export const DATA_HEADER_BYTES = 24

/** A SYNC packet, bytes. */
export const SYNC_BYTES = 12

/** Largest packet we ever send, and the largest datagram unless jumbo is agreed, so that nothing fragments at MTU 1500. */
export const MAX_DATAGRAM_BYTES = DATA_HEADER_BYTES + SYMBOL_BYTES

/** Full packets in a jumbo datagram: 8,592 bytes, 8,620 with IPv4 and UDP, for cards and switches with an MTU of 9000. */
export const JUMBO_PACKETS = 6
export const JUMBO_DATAGRAM_BYTES = JUMBO_PACKETS * MAX_DATAGRAM_BYTES

/** Source symbols in a source block at most; symbol numbers from here up are repair (RFC 5052 §6.2, systematic). */
export const MAX_BLOCK_SYMBOLS = 128

/** A stored chunk is never larger than raw, so at most 745 symbols and 6 source blocks. */
export const MAX_CHUNK_BLOCKS = Math.ceil(Math.ceil(CHUNK_BYTES / SYMBOL_BYTES) / MAX_BLOCK_SYMBOLS)

/** 64 TiB: beyond every disk in a repair shop, and exact in a double. Bounds the manifest a peer can announce. */
export const MAX_IMAGE_BYTES = 2 ** 46

/** A manifest travels in pieces of at most this, so that one control message stays small. */
export const MANIFEST_PIECE_BYTES = 262_144

/** Largest control message either end accepts. Above MANIFEST_PIECE_BYTES plus framing. */
export const MAX_CONTROL_MESSAGE_BYTES = 327_680

/** Entries in one need report: 256 MiB of chunks in reassembly, at one entry each, fit four times. */
export const MAX_NEED_ENTRIES = 1024

/** Reports a receiver may send in a second before the rest is dropped; the honest rate is 10 to 50. */
export const MAX_REPORTS_PER_SECOND = 100

/** How often a receiver reports, ms. Facts: T = max(50, 0.5 x N); 100 suits up to 200 receivers. */
export const REPORT_INTERVAL_MS = 100

/** Silence after which a receiver is no longer counted, ms: 30 missed reports. */
export const SILENCE_MS = 3_000

/** How often a waiting or running session announces itself, ms. */
export const ANNOUNCE_INTERVAL_MS = 1_000

/** Receivers in one session at most: slots are u16, tables are sized by it. */
export const MAX_RECEIVERS = 1_024

/** Where sessions are announced: RFC 2365 local scope, clear of the 224.0.0.x MAC aliases. */
export const ANNOUNCE_GROUP = '239.255.77.67'
export const ANNOUNCE_PORT = 7767

/** Header, body and signature of the longest announce. */
export const MAX_ANNOUNCE_BYTES = 8 + 1024 + 64

/**
 * Where a bench can be asked for its announces: each of its sessions takes one of these ports, so that eight sessions are
 * heard of, of one program or several. Next to the announces' own, which receivers on the same computer may hold.
 */
export const ASK_PORT_FIRST = 7768
export const ASK_PORTS = 8

/** Of an ASK: no less than its answer, or whoever lends another's address could have it flooded. */
export const ASK_BYTES = MAX_ANNOUNCE_BYTES

/** Answers of one session in a second; a bench full of machines that hear nothing asks 1,024 times. */
export const MAX_ANSWERS_PER_SECOND = 1_024

/** Symbols in one FILL, and on the way to one machine at most: 92 KB that the engine may have to keep for each. */
export const MAX_FILL_SYMBOLS = 64

/** Header of a probe, the least one datagram of it can be. */
export const PROBE_HEADER_BYTES = 16

/** Largest probe: an MTU of 9000 less IPv4 and UDP headers. */
export const MAX_PROBE_BYTES = 8_972

/** Datagrams of one probe at most: with the size above, under 9 MB. */
export const MAX_PROBE_DATAGRAMS = 1_000

/** TCP, on the addresses of cards with a session or with network boot: where machines in the boot environment report. */
export const BENCH_PORT = ANNOUNCE_PORT

/** Of a machine's log: characters in a line, and lines in one message. */
export const MAX_LOG_LINE = 1024
export const MAX_LOG_LINES = 50

/** Messages that a machine may send its bench in a second before its connection is closed; honest ones send under ten. */
export const MAX_BENCH_MESSAGES_PER_SECOND = 40
