/** All settings on one page, with one search; and the same from the side of Configuration Manager. */
import { ClipboardCopy, Search } from 'lucide-react'
import { type ReactNode, useState } from 'react'
import { useApp, useAsk } from '../../app/context.ts'
import { Button } from '../../ui/Button.tsx'
import { ConfigMgrPage } from './ConfigMgrPage.tsx'
import { GROUPS, matches, SETTING_TEXTS } from './catalogue.ts'
import { SettingRow } from './SettingRow.tsx'

export function SettingsScreen({ banners }: { readonly banners: ReactNode }) {
  const search = useApp(state => state.settingSearch)
  const setSearch = useApp(state => state.setSettingSearch)
  const [tab, setTab] = useState<'settings' | 'configMgr'>('settings')
  return (
    <main aria-label="Settings" className="scroll min-h-0 min-w-0 flex-1 p-4 wide:p-6">
      <div className="mx-auto max-w-220">
        {banners}
        <div className="flex flex-wrap items-center gap-3">
          <h2 className="mr-auto text-2xl font-semibold">Settings</h2>
          <CopyDiagnostics />
        </div>
        <div className="mt-4 flex flex-wrap items-center gap-2">
          <div className="relative min-w-60 flex-1">
            <Search
              aria-hidden
              className="absolute top-1/2 left-3 size-4 -translate-y-1/2 text-muted"
            />
            <input
              type="search"
              aria-label="Search settings"
              placeholder="Search, in our words or Configuration Manager’s"
              value={search}
              onChange={event => setSearch(event.target.value)}
              className="w-full rounded-lg border border-edge bg-surface py-2 pr-3 pl-9 placeholder:text-muted"
            />
          </div>
          <fieldset className="flex gap-1 rounded-lg bg-sunken p-1">
            <legend className="sr-only">View</legend>
            <Tab isOn={tab === 'settings'} onClick={() => setTab('settings')}>
              All settings
            </Tab>
            <Tab isOn={tab === 'configMgr'} onClick={() => setTab('configMgr')}>
              From Configuration Manager
            </Tab>
          </fieldset>
        </div>
        {tab === 'settings' ? (
          <AllSettings search={search} />
        ) : (
          <ConfigMgrPage
            search={search}
            onShow={title => {
              setSearch(title)
              setTab('settings')
            }}
          />
        )}
      </div>
    </main>
  )
}

function Tab({
  isOn,
  onClick,
  children,
}: {
  readonly isOn: boolean
  readonly onClick: () => void
  readonly children: ReactNode
}) {
  return (
    <button
      type="button"
      aria-pressed={isOn}
      onClick={onClick}
      className="min-h-8 rounded-md px-3 hover:bg-surface aria-pressed:bg-surface aria-pressed:font-semibold aria-pressed:shadow-(--lift)"
    >
      {children}
    </button>
  )
}

function AllSettings({ search }: { readonly search: string }) {
  const found = SETTING_TEXTS.filter(text => matches(text, search))
  if (found.length === 0) {
    return <p className="mt-6 text-muted">No setting matches “{search}”.</p>
  }
  return (
    <>
      {GROUPS.map(group => {
        const own = found.filter(text => text.group === group)
        if (own.length === 0) return null
        return (
          <section key={group} aria-label={group} className="mt-6">
            <h3 className="mb-2 font-semibold text-muted">{group}</h3>
            <div className="divide-y divide-line rounded-xl border border-line bg-surface">
              {own.map(text => (
                <SettingRow key={text.title} text={text} />
              ))}
            </div>
          </section>
        )
      })}
    </>
  )
}

function CopyDiagnostics() {
  const ask = useAsk()
  const tell = useApp(state => state.tell)
  const [isBusy, setIsBusy] = useState(false)
  const copy = async (): Promise<void> => {
    setIsBusy(true)
    const report = await ask('app:diagnostics', null)
    if (report) {
      try {
        await navigator.clipboard.writeText(report.content)
        tell('info', 'Diagnostics are in the clipboard. They hold serials, and no keys or tokens.')
      } catch {
        tell('bad', 'The clipboard cannot be written. Click into the window and try again.')
      }
    }
    setIsBusy(false)
  }
  return (
    <Button icon={ClipboardCopy} disabled={isBusy} onClick={() => void copy()}>
      Copy diagnostics
    </Button>
  )
}
