/** The link to the engine, and what the technician should be told about it. */
import type { StateCreator } from 'zustand'
import type { CloseQuestion, EngineStatus } from '../../shared/bridge.ts'
import type { AppInfo } from '../../shared/ipc.ts'

export interface Notice {
  readonly id: number
  readonly tone: 'bad' | 'info'
  readonly message: string
}

export interface AppSlice {
  /** `refused`: in a browser, by a link that is not this bench's. */
  readonly link: 'connecting' | 'open' | 'lost' | 'refused'
  readonly engineStatus: EngineStatus
  /** The engine died and came back since the technician last closed that banner. */
  readonly wasRestarted: boolean
  readonly info: AppInfo | null
  readonly notices: readonly Notice[]
  /** The window is to close while sessions are open; null when nothing is asked. */
  readonly closeQuestion: CloseQuestion | null
  /** The desktop has no tray: the window goes on small. */
  readonly isSmall: boolean
  readonly closeAsked: (question: CloseQuestion | null) => void
  readonly windowSized: (isSmall: boolean) => void
  readonly linkLost: () => void
  readonly linkRefused: () => void
  readonly linkOpened: (info: AppInfo) => void
  readonly engineStatusChanged: (status: EngineStatus) => void
  readonly restartSeen: () => void
  readonly tell: (tone: Notice['tone'], message: string) => void
  readonly dismissNotice: (id: number) => void
}

/** More than this is a flood; the oldest go. */
const NOTICES_SHOWN = 4

export const createAppSlice: StateCreator<AppSlice> = set => ({
  link: 'connecting',
  engineStatus: { state: 'starting', message: '' },
  wasRestarted: false,
  info: null,
  notices: [],
  closeQuestion: null,
  isSmall: false,
  closeAsked: closeQuestion => set({ closeQuestion }),
  windowSized: isSmall => set({ isSmall }),
  linkLost: () =>
    set(state => (['connecting', 'refused'].includes(state.link) ? state : { link: 'lost' })),
  linkRefused: () => set({ link: 'refused' }),
  linkOpened: info =>
    set(state => ({
      link: 'open',
      info,
      wasRestarted: state.wasRestarted || state.link === 'lost',
    })),
  engineStatusChanged: engineStatus => set({ engineStatus }),
  restartSeen: () => set({ wasRestarted: false }),
  tell: (tone, message) =>
    set(state => {
      if (state.notices.some(notice => notice.message === message)) return state
      const id = (state.notices.at(-1)?.id ?? 0) + 1
      return { notices: [...state.notices, { id, tone, message }].slice(-NOTICES_SHOWN) }
    }),
  dismissNotice: id =>
    set(state => ({ notices: state.notices.filter(notice => notice.id !== id) })),
})
