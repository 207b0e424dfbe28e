/** The page's mirror of the settings, which the engine keeps. */
import type { StateCreator } from 'zustand'
import { DEFAULT_SETTINGS, type Settings } from '../../../shared/settings.ts'
import type { Batch } from '../../engine.ts'

export interface SettingsSlice {
  readonly settings: Settings
  readonly settingSearch: string
  readonly setSettingSearch: (search: string) => void
  readonly settingsChanged: (batch: Batch) => void
}

export const createSettingsSlice: StateCreator<SettingsSlice> = set => ({
  settings: DEFAULT_SETTINGS,
  settingSearch: '',
  setSettingSearch: settingSearch => set({ settingSearch }),
  settingsChanged: ({ settings }) => {
    if (settings) set({ settings })
  },
})
