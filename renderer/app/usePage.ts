import { useSyncExternalStore } from 'react'
import { useApp } from './context.ts'
import type { PageName } from './pages.ts'

/** As in styles.css: from here on the catalog stands beside every page, and is none of its own. */
const WIDE = '(min-width: 60rem)'

/** The page that is shown in a window of this width. */
export function usePage(): PageName {
  const page = useApp(state => state.page)
  const isWide = useSyncExternalStore(onChange, () => matchMedia(WIDE).matches)
  return page === 'images' && isWide ? 'bench' : page
}

function onChange(listener: () => void): () => void {
  const query = matchMedia(WIDE)
  query.addEventListener('change', listener)
  return () => query.removeEventListener('change', listener)
}
