import { useEffect } from 'react'
import { useApp } from './context.ts'

/** Puts the theme that the settings ask for on the page; `system` leaves it to the system. */
export function useTheme(): void {
  const theme = useApp(state => state.settings.theme)
  useEffect(() => {
    const root = document.documentElement
    if (theme === 'system') delete root.dataset['theme']
    else root.dataset['theme'] = theme
  }, [theme])
}
