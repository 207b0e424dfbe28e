import { useVirtualizer } from '@tanstack/react-virtual'
import { useLayoutEffect, useRef, useState } from 'react'
import type { Receiver } from '../../../shared/ipc.ts'
import { layoutTiles, TILE_GAP } from './layout.ts'
import { Tile } from './Tile.tsx'

/** Tiles that fill the room there is. Rows out of sight are not drawn. */
export function TileGrid({
  receivers,
  isWaiting,
}: {
  readonly receivers: readonly Receiver[]
  readonly isWaiting: boolean
}) {
  const scroller = useRef<HTMLDivElement>(null)
  const room = useRoom(scroller)
  const layout = layoutTiles(room.width, room.height, receivers.length, room.scale)
  const rowHeight = layout.tileHeight + TILE_GAP
  const rowCount = Math.ceil(receivers.length / layout.columns)
  const virtual = useVirtualizer({
    count: rowCount,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 2,
    // Rows are keyed by size too: a change of size measures anew.
    getItemKey: index => `${rowHeight}/${index}`,
  })
  return (
    <div ref={scroller} className="scroll -mx-1 min-h-0 flex-1 px-1 py-0.5">
      <div
        role="list"
        aria-label="Machines"
        className="relative"
        style={{ height: Math.max(0, rowCount * rowHeight - TILE_GAP) }}
      >
        {room.width > 0 &&
          virtual.getVirtualItems().map(row => (
            <div
              key={row.key}
              role="presentation"
              className="absolute inset-x-0 top-0 grid"
              style={{
                transform: `translateY(${row.start}px)`,
                height: layout.tileHeight,
                gap: TILE_GAP,
                gridTemplateColumns: `repeat(${layout.columns}, minmax(0, 1fr))`,
              }}
            >
              {receivers
                .slice(row.index * layout.columns, (row.index + 1) * layout.columns)
                .map(receiver => (
                  <div role="listitem" key={receiver.id}>
                    <Tile receiver={receiver} isWaiting={isWaiting} density={layout.density} />
                  </div>
                ))}
            </div>
          ))}
      </div>
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

function useRoom(element: React.RefObject<HTMLElement | null>): Room {
  const [room, setRoom] = useState<Room>({ width: 0, height: 0, scale: 1 })
  useLayoutEffect(() => {
    const box = element.current
    if (!box) return
    const measure = (): void => {
      const style = getComputedStyle(box)
      const inner = (size: number, ...paddings: string[]): number =>
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
