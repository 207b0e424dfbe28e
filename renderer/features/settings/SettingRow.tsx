import { Undo2 } from 'lucide-react'
import { useId } from 'react'
import { DEFAULT_SETTINGS, type SettingName, type Settings } from '../../../shared/settings.ts'
import { useApp, useAsk } from '../../app/context.ts'
import { IconButton } from '../../ui/Button.tsx'
import { CONFIG_MGR, type SettingText } from './catalogue.ts'
import { Control } from './Control.tsx'
import { valueWords } from './valueWords.ts'

/** One setting: what it does, its control, and the way back to what it was. */
export function SettingRow({ text }: { readonly text: SettingText }) {
  const settings = useApp(state => state.settings)
  const ask = useAsk()
  const id = useId()
  const set = (part: Partial<Settings>): void => void ask('settings:set', part)
  const isDefault = text.names.every(name => isSame(settings, name))
  const theirs = CONFIG_MGR.find(one => one.name !== null && text.names.includes(one.name))
  return (
    <div
      role="group"
      aria-labelledby={`${id}-title`}
      aria-describedby={`${id}-hint`}
      className="flex flex-wrap items-start gap-x-6 gap-y-2 px-4 py-3"
    >
      <div className="min-w-60 flex-1">
        <p id={`${id}-title`} className="font-medium">
          {text.title}
        </p>
        <p id={`${id}-hint`} className="text-sm text-muted">
          {text.hint}{' '}
          {theirs !== undefined && theirs.theirs !== text.title && (
            <span>In Configuration Manager: {theirs.theirs}. </span>
          )}
          <span className="whitespace-nowrap">
            Default: {valueWords(text.names, DEFAULT_SETTINGS)}.
          </span>
        </p>
      </div>
      <div className="flex min-w-0 items-center gap-1">
        <Control text={text} settings={settings} labelId={`${id}-title`} onChange={set} />
        <IconButton
          icon={Undo2}
          label={`Back to the default: ${text.title}`}
          disabled={isDefault}
          className={isDefault ? 'invisible' : ''}
          onClick={() =>
            set(Object.fromEntries(text.names.map(name => [name, DEFAULT_SETTINGS[name]])))
          }
        />
      </div>
    </div>
  )
}

function isSame(settings: Settings, name: SettingName): boolean {
  return JSON.stringify(settings[name]) === JSON.stringify(DEFAULT_SETTINGS[name])
}
