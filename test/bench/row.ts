/** What every row of the table is given, and what it answers. */
import type { Measured } from './cell.ts'
import type { Plan, Tool, ToolName } from './tools.ts'

export interface Sizes {
  /** MiB of the ordinary image. */
  readonly ordinaryMib: number
  /** MiB where processor time is counted: large, so that starting up is not all of it. */
  readonly largeMib: number
  /** MiB under the cap of 10 Mbit/s. */
  readonly smallMib: number
  /** GiB of the sparse image. */
  readonly sparseGib: number
  /** Of the crowd in one process. */
  readonly crowd: number
}

export interface Image {
  readonly file: string
  readonly catalog: string
  readonly image: string
  readonly sizeBytes: number
}

/** What differs from the usual: no loss, no cap, offload as the kernel gives it, the cap told where there is one. */
export type CellPlan = Partial<Omit<Plan, 'file' | 'catalog' | 'image'>> & {
  readonly receivers: number
}

export type Runs = readonly Measured[]

export interface Bench {
  readonly runs: number
  readonly sizes: Sizes
  readonly profiles: string | null
  /** Empty, for whoever measures now. */
  readonly outputs: string
  /** Random bytes, which are stored as they are; made once. */
  image(sizeMib: number): Image
  /**
   * The runs of one cell by several tools, in turn: what disturbs the machine disturbs all. A cell that was measured
   * before in this run of the bench is not measured again. A peer that is only shown beside (`peers`) gets fewer runs
   * when they are long. What fails is told and left out.
   */
  measure(sizeMib: number, cell: CellPlan, tools: CellTools): Promise<ReadonlyMap<ToolName, Runs>>
  tool(name: ToolName): Tool
  /** Said to whoever watches. */
  say(text: string): void
  /** Beneath the table. */
  remark(text: string): void
  fail(text: string): void
}

export interface CellTools {
  /** Every run counts for the verdict. */
  readonly judged: readonly ToolName[]
  readonly peers: readonly ToolName[]
}

/** A line of the table. */
export interface Line {
  readonly what: string
  readonly cell: string
  readonly figures: Partial<Record<ToolName, string>>
  /** What the verdict is about; null for a line that is only shown. NaN when it could not be measured. */
  readonly verdict: { readonly figure: number; readonly limit: Limit } | null
}

export type Limit =
  | { readonly kind: 'at most'; readonly value: number; readonly unit: string }
  | { readonly kind: 'at least'; readonly value: number; readonly unit: string }

export interface Row {
  readonly name: string
  run(bench: Bench): AsyncIterable<Line>
}

export function isReached({ figure, limit }: NonNullable<Line['verdict']>): boolean {
  return limit.kind === 'at most' ? figure <= limit.value : figure >= limit.value
}

export function median(all: readonly number[]): number {
  const sorted = all.toSorted((a, b) => a - b)
  const middle = sorted.length / 2
  const [low, high] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]]
  return low === undefined || high === undefined ? Number.NaN : (low + high) / 2
}

export function medianOf(runs: Runs | undefined, pick: (one: Measured) => number): number {
  return median((runs ?? []).map(pick))
}
