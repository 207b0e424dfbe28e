/** All machines as tiles that fill the room there is. Tiles far out of sight are not drawn. */
import { type RefObject, useCallback, useLayoutEffect, useMemo, useRef, useState } from 'react'
import type { Examination } from '../../../../shared/ipc.ts'
import type { Session } from '../../../../shared/session.ts'
import { AnchoredPopover } from '../../../ui/Popover.tsx'
import type { ShownMachine } from '../../bench/bench.ts'
import { findingFor } from '../../doctor/doctor.tsx'
import { type Phase, phaseOf } from '../look.ts'
import { besideTile, type Layout, layoutTiles, visibleTiles } from './layout.ts'
import { MachineDetail } from './MachineDetail.tsx'
import { tileText } from './text.ts'
import { Tile } from './Tile.tsx'

export function TileGrid({
  session,
  shown,
  examination,
}: {
  readonly session: Session | null
  readonly shown: readonly ShownMachine[]
  readonly examination: Examination | null
}) {
  const phase = session === null ? 'waiting' : phaseOf(session.state)
  const box = useRef<HTMLDivElement>(null)
  const room = useRoom(box)
  const [open, setOpen] = useState<{ readonly key: string; readonly tile: HTMLElement } | null>(
    null,
  )
  const openTile = useCallback((key: string, tile: HTMLElement) => setOpen({ key, tile }), [])
  const [focused, setFocused] = useState<string | null>(null)
  const opened = shown.find(one => one.key === open?.key)
  const count = shown.length
  const layout = useMemo(
    () => layoutTiles(room.width, room.height, count, room.scale),
    [room.width, room.height, room.scale, count],
  )
  const stepY = layout.tileHeight + layout.gap
  const { from, to } = visibleTiles(layout, room.above, room.seen, count)
  const drawn = useMemo(() => shown.slice(from, to), [shown, from, to])
  return (
    <div ref={box} className="relative -m-1 p-1 wide:scroll wide:min-h-48 wide:flex-1">
      <ul
        aria-label="Machines"
        className="grid"
        style={{
          zoom: layout.zoom,
          gap: layout.gap,
          gridTemplateColumns: `repeat(${layout.columns}, ${layout.tileWidth}px)`,
          gridAutoRows: layout.tileHeight,
          height: Math.ceil(count / layout.columns) * stepY - layout.gap,
          paddingTop: (from / layout.columns) * stepY,
        }}
      >
        {drawn.map(one => (
          <Tile
            key={one.key}
            id={one.key}
            {...tileText(one, findingOf(examination, one), phase, layout)}
            density={layout.density}
            lines={layout.lines}
            isOpen={one.key === open?.key}
            onOpen={openTile}
            onKeyboard={setFocused}
          />
        ))}
      </ul>
      <FocusedDisk
        at={shown.findIndex(one => one.key === focused)}
        {...{ shown, phase, layout, room }}
      />
      {open && opened && (
        <AnchoredPopover
          anchor={open.tile}
          label={opened.number === null ? 'New machine' : `Machine ${opened.number}`}
          onClose={() => setOpen(null)}
        >
          <MachineDetail
            shown={opened}
            session={session}
            finding={findingOf(examination, opened)}
            phase={phase}
          />
        </AnchoredPopover>
      )}
    </div>
  )
}

/** The tooltip of the tile that the keyboard is on, beside it. Screen readers have it from the tile. */
function FocusedDisk({
  at,
  shown,
  phase,
  layout,
  room,
}: {
  readonly at: number
  readonly shown: readonly ShownMachine[]
  readonly phase: Phase
  readonly layout: Layout
  readonly room: Room
}) {
  const one = shown[at]
  const text = one === undefined ? '' : tileText(one, '', phase, layout).diskInFull
  if (text === '') return null
  const { left, top, isOver } = besideTile(layout, at, room.above, room.seen)
  return (
    <p
      aria-hidden
      className={`pointer-events-none absolute z-10 my-2 w-72 rounded-lg border border-edge bg-surface px-2.5 py-1.5 text-sm break-words shadow-(--lift) ${isOver ? '-translate-y-[calc(100%+0.5rem)]' : ''}`}
      style={{ left: `clamp(0px, ${left}px, 100% - 18rem)`, top }}
    >
      {text}
    </p>
  )
}

/** What the doctor found about a machine, and what to do; empty when nothing. */
function findingOf(examination: Examination | null, shown: ShownMachine): string {
  const finding = shown.receiver ? findingFor(examination, shown.receiver.id) : null
  return finding === null ? '' : `${finding.sentence} ${finding.advice}`.trim()
}

interface Room {
  /** For all tiles, if they are all to be seen at once. */
  readonly width: number
  readonly height: number
  /** Text size relative to the design's 15 px. */
  readonly scale: number
  /** How much of the tiles is scrolled away above, and how much can be seen. */
  readonly above: number
  readonly seen: number
}

const DESIGN_TEXT_PX = 15
/** Where the whole page scrolls, tiles are made for so many screens of it. */
const PAGE_SCREENS = 2.5

/** The tiles' own box scrolls in a wide window; in a narrow one the page does, with the tiles in it. */
function useRoom(element: RefObject<HTMLElement | null>): Room {
  const [room, setRoom] = useState<Room>({ width: 0, height: 0, scale: 1, above: 0, seen: 0 })
  useLayoutEffect(() => {
    const box = element.current
    if (!box) return
    const measure = (): void => {
      const next = roomIn(box)
      setRoom(before => (isSame(before, next) ? before : next))
    }
    const observer = new ResizeObserver(measure)
    observer.observe(box)
    // Whatever scrolls around it: scroll events do not bubble, but they can be caught on their way down.
    document.addEventListener('scroll', measure, { capture: true, passive: true })
    window.addEventListener('resize', measure)
    measure()
    return () => {
      observer.disconnect()
      document.removeEventListener('scroll', measure, { capture: true })
      window.removeEventListener('resize', measure)
    }
  }, [element])
  return room
}

function roomIn(box: HTMLElement): Room {
  const style = getComputedStyle(box)
  const padding = parseFloat(style.paddingLeft)
  const text = parseFloat(getComputedStyle(document.documentElement).fontSize)
  const width = box.clientWidth - 2 * padding
  const scale = text / DESIGN_TEXT_PX
  if (style.overflowY === 'auto') {
    const height = box.clientHeight - 2 * padding
    return { width, height, scale, above: box.scrollTop, seen: height }
  }
  const seen = window.innerHeight
  const above = Math.max(0, -box.getBoundingClientRect().top)
  return { width, height: seen * PAGE_SCREENS, scale, above, seen }
}

function isSame(a: Room, b: Room): boolean {
  return (Object.keys(a) as (keyof Room)[]).every(name => a[name] === b[name])
}
