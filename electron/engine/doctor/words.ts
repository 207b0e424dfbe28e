/** Words that several diagnoses share. */
const GIGABIT = 1_000_000_000

/** All four pairs carry a gigabit, two of them a tenth of it: IEEE 802.3 clauses 25 and 40. */
export const SLOW_LINK_ADVICE =
  'Try another cable first (one broken pair makes 100 Mbit/s of a gigabit), then another port of the switch.'

export function bitsText(bitsPerSecond: number): string {
  return bitsPerSecond >= GIGABIT
    ? `${rounded(bitsPerSecond / GIGABIT)} Gbit/s`
    : `${rounded(bitsPerSecond / 1e6)} Mbit/s`
}

export function percentText(fraction: number): string {
  return `${rounded(fraction * 100)} %`
}

function rounded(value: number): number {
  return value < 10 ? Math.round(value * 10) / 10 : Math.round(value)
}
