/** Why the history cannot answer. */
export type HistoryFault = { readonly code: 'session/not-in-history'; readonly session: string }

export class HistoryError extends Error {
  override readonly name = 'HistoryError'
  readonly fault: HistoryFault
  constructor(fault: HistoryFault) {
    super(
      `The history has no session "${fault.session}". It may not have ended yet, or another catalog has it.`,
    )
    this.fault = fault
  }
}
