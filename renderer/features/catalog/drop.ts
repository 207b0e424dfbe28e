/** Files dropped anywhere on the window are imported. */
import { useEffect, useEffectEvent, useState } from 'react'
import { useApp, useAsk, useEngine } from '../../app/context.ts'

export function useImport(): (paths: readonly string[]) => void {
  const ask = useAsk()
  return paths => {
    if (paths.length > 0) void ask('catalog:import', { paths: [...paths] })
  }
}

/** Takes drops on the whole window while mounted. True while files hover over it. */
export function useWindowDrop(): boolean {
  const engine = useEngine()
  const importPaths = useImport()
  const tell = useApp(state => state.tell)
  const [isOver, setIsOver] = useState(false)
  const dropped = useEffectEvent((files: readonly File[]) => {
    const paths = files.map(file => engine.pathForFile(file)).filter(path => path !== '')
    importPaths(paths)
    if (paths.length < files.length) tell('bad', engine.isWindow ? NO_PATH : NO_PATH_IN_BROWSER)
  })
  useEffect(() => {
    // Enter and leave also fire for every element inside: they are counted.
    let depth = 0
    const enter = (event: DragEvent): void => {
      if (!hold(event)) return
      depth++
      setIsOver(true)
    }
    const over = (event: DragEvent): void => {
      if (hold(event) && event.dataTransfer) event.dataTransfer.dropEffect = 'copy'
    }
    const leave = (): void => {
      depth = Math.max(0, depth - 1)
      if (depth === 0) setIsOver(false)
    }
    const drop = (event: DragEvent): void => {
      if (!hold(event)) return
      depth = 0
      setIsOver(false)
      dropped([...(event.dataTransfer?.files ?? [])])
    }
    const stop = new AbortController()
    const { signal } = stop
    document.addEventListener('dragenter', enter, { signal })
    document.addEventListener('dragover', over, { signal })
    document.addEventListener('dragleave', leave, { signal })
    document.addEventListener('drop', drop, { signal })
    return () => stop.abort()
  }, [])
  return isOver
}

/** Text dragged about inside the page is none of ours. */
function hold(event: DragEvent): boolean {
  if (!event.dataTransfer?.types.includes('Files')) return false
  event.preventDefault()
  return true
}

const NO_PATH =
  'That came from another program and is no file on this computer. Save it first, then drop it from the file manager.'
const NO_PATH_IN_BROWSER =
  'A browser does not tell where a dropped file lies. Use “Path on this computer…” instead.'
