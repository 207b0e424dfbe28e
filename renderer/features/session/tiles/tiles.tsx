/** All machines as tiles that fill the room there is. Tiles far out of sight are not drawn. */
import { type RefObject, useCallback, useLayoutEffect, useRef, useState } from 'react'
import type { Examination } from '../../../../shared/ipc.ts'
import type { Receiver, Session } from '../../../../shared/session.ts'
import { AnchoredPopover } from '../../../ui/Popover.tsx'
import { findingFor } from '../../doctor/doctor.tsx'
import { look, phaseOf } from '../look.ts'
import { layoutTiles, visibleTiles } from './layout.ts'
import { MachineDetail } from './MachineDetail.tsx'
import { Tile } from './Tile.tsx'

export function TileGrid({
  session,
  receivers,
  examination,
}: {
  readonly session: Session
  readonly receivers: readonly Receiver[]
  readonly examination: Examination | null
}) {
  const phase = phaseOf(session.state)
  const findingOf = (id: string): string => {
    const finding = findingFor(examination, id)
    return finding === null ? '' : `${finding.sentence} ${finding.advice}`.trim()
  }
  const scroller = useRef<HTMLDivElement>(null)
  const room = useRoom(scroller)
  const [scrollTop, setScrollTop] = useState(0)
  const [open, setOpen] = useState<{ readonly id: string; readonly tile: HTMLElement } | null>(null)
  const openTile = useCallback((id: string, tile: HTMLElement) => setOpen({ id, tile }), [])
  const opened = receivers.find(receiver => receiver.id === open?.id)
  const layout = layoutTiles(room.width, room.height, receivers.length, room.scale)
  const stepX = layout.tileWidth + layout.gap
  const stepY = layout.tileHeight + layout.gap
  const { from, to } = visibleTiles(layout, scrollTop, room.height, receivers.length)
  return (
    <div
      ref={scroller}
      onScroll={event => setScrollTop(event.currentTarget.scrollTop)}
      className="scroll -m-1 min-h-0 flex-1 p-1"
    >
      <ul
        aria-label="Machines"
        className="relative"
        style={{ height: Math.ceil(receivers.length / layout.columns) * stepY - layout.gap }}
      >
        {receivers.slice(from, to).map((receiver, at) => (
          <li
            key={receiver.id}
            className="absolute top-0 left-0"
            style={{
              width: layout.tileWidth,
              height: layout.tileHeight,
              transform: `translate(${((from + at) % layout.columns) * stepX}px, ${Math.floor((from + at) / layout.columns) * stepY}px)`,
            }}
          >
            <Tile
              receiver={receiver}
              finding={findingOf(receiver.id)}
              phase={phase}
              density={layout.density}
              isOpen={receiver.id === open?.id}
              onOpen={openTile}
            />
          </li>
        ))}
      </ul>
      {open && opened && (
        <AnchoredPopover
          anchor={open.tile}
          label={`Machine ${opened.number}`}
          onClose={() => setOpen(null)}
        >
          <MachineDetail
            receiver={opened}
            protocol={session.protocol}
            finding={findingOf(opened.id)}
            seen={look(opened, phase)}
          />
        </AnchoredPopover>
      )}
    </div>
  )
}

interface Room {
  readonly width: number
  readonly height: number
  /** Text size relative to the design's 15 px. */
  readonly scale: number
}

const DESIGN_TEXT_PX = 15

function useRoom(element: RefObject<HTMLElement | null>): Room {
  const [room, setRoom] = useState<Room>({ width: 0, height: 0, scale: 1 })
  useLayoutEffect(() => {
    const box = element.current
    if (!box) return
    const measure = (): void => {
      const style = getComputedStyle(box)
      const inner = (size: number, ...paddings: readonly string[]): number =>
        paddings.reduce((rest, padding) => rest - parseFloat(padding), size)
      const text = parseFloat(getComputedStyle(document.documentElement).fontSize)
      setRoom({
        width: inner(box.clientWidth, style.paddingLeft, style.paddingRight),
        height: inner(box.clientHeight, style.paddingTop, style.paddingBottom),
        scale: text / DESIGN_TEXT_PX,
      })
    }
    const observer = new ResizeObserver(measure)
    observer.observe(box)
    measure()
    return () => observer.disconnect()
  }, [element])
  return room
}
