/** What is wrong with the computer that runs the engine, and what to do, across the bench. */
import { BatteryWarning, HardDrive, type LucideIcon, Monitor, Shield, Unplug } from 'lucide-react'
import { useEffect, useMemo, useRef } from 'react'
import type { LaptopNotice } from '../../../shared/laptop.ts'
import { useApp, useEngine } from '../../app/context.ts'
import { Banner } from '../../ui/Banner.tsx'
import { playEnd } from './chime.ts'
import { createEndings } from './endings.ts'
import { shownNotices } from './slice.ts'

const ICONS: Readonly<Record<LaptopNotice['code'], LucideIcon>> = {
  'laptop/battery-low': BatteryWarning,
  'laptop/disk-low': HardDrive,
  'laptop/vpn': Shield,
  'laptop/card-virtual': Monitor,
  'laptop/card-lost': Unplug,
}

export function LaptopBanners() {
  const laptopNotices = useApp(state => state.laptopNotices)
  const closedLaptopNotices = useApp(state => state.closedLaptopNotices)
  const close = useApp(state => state.closeLaptopNotice)
  const shown = useMemo(
    () => shownNotices({ laptopNotices, closedLaptopNotices }),
    [laptopNotices, closedLaptopNotices],
  )
  return shown.map(notice => {
    const isFault = notice.severity === 'fault'
    return (
      <Banner
        key={`${notice.code} ${notice.sentence}`}
        tone={isFault ? 'bad' : 'warn'}
        icon={ICONS[notice.code]}
        isUrgent={isFault}
        title={notice.sentence}
        note={notice.advice}
        {...(!isFault && { onClose: () => close(notice) })}
      />
    )
  })
}

/** Rings when a session ends, unless the technician switched that off. Draws nothing. */
export function EndChime() {
  const sessions = useApp(state => state.sessions)
  const engine = useEngine()
  const endings = useRef(createEndings())
  useEffect(() => {
    const isWell = endings.current.take(sessions.values())
    if (isWell === null) return
    engine.call('settings:get', null).then(
      settings => settings.playsSound && playEnd(isWell),
      () => playEnd(isWell),
    )
  }, [sessions, engine])
  return null
}
