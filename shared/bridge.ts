/**
 * What the preload gives the page as `window.benchcast`: functions only, and only these. In a browser it is absent.
 *
 * `pathForFile` takes a DOM File; the type stays `object` because shared code knows no DOM.
 */
export interface Bridge {
  /** Opens a fresh connection to the engine and ends the page's earlier one. Safe to repeat. */
  connect(): void
  /**
   * One RPC frame (rpc.ts) as JSON, to the engine and from it; lost when no connection is open. Text, because objects
   * are copied field by field on their way through the bridge: ten times slower than parsing.
   */
  send(frame: string): void
  onMessage(listener: (frame: string) => void): void
  /** The connection ended: the engine died, or never came up. */
  onClose(listener: () => void): void
  onStatus(listener: (status: EngineStatus) => void): void
  /** Absolute path of a dropped file or folder; empty when the file has none (dragged out of a browser). */
  pathForFile(file: object): string
  /** Native dialogs. An empty list or null means cancelled. */
  chooseFiles(kind: 'files' | 'folder'): Promise<readonly string[]>
  chooseSavePath(suggestedName: string): Promise<string | null>
  /** The window is to close while sessions are open. `answerClose('shown')` at once, and the choice when it is made. */
  onCloseAsked(listener: (question: CloseQuestion) => void): void
  answerClose(answer: CloseAnswer): void
  /** The window goes on small, as the desktop has no tray to hide it in; `showWindow` makes it large again. */
  onSmall(listener: (isSmall: boolean) => void): void
  showWindow(): void
}

export interface CloseQuestion {
  /** Open: waiting for machines, running or paused. */
  readonly sessions: readonly { readonly name: string; readonly imageName: string }[]
  /** There is a tray to go on in. */
  readonly canHide: boolean
}

/** `keep`: the sessions go on, in the tray or in a small window. `stop`: they end, and the app does. */
export type CloseAnswer = 'shown' | 'keep' | 'stop' | 'cancel'

/** The engine's process as the window sees it. `message` says why, for `restarting` and `failed`. */
export interface EngineStatus {
  readonly state: 'starting' | 'running' | 'restarting' | 'failed'
  readonly message: string
}
