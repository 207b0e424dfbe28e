import { HardDrive, History, LayoutGrid, type LucideIcon, Settings } from 'lucide-react'
import { useApp } from './context.ts'
import type { PageName } from './pages.ts'
import { usePage } from './usePage.ts'

const PAGES: readonly {
  readonly page: PageName
  readonly label: string
  readonly icon: LucideIcon
  /** The catalog stands beside every page where there is room. */
  readonly isNarrowOnly: boolean
}[] = [
  { page: 'images', label: 'Images', icon: HardDrive, isNarrowOnly: true },
  { page: 'bench', label: 'Bench', icon: LayoutGrid, isNarrowOnly: false },
  { page: 'history', label: 'History', icon: History, isNarrowOnly: false },
  { page: 'settings', label: 'Settings', icon: Settings, isNarrowOnly: false },
]

/** At the foot of the catalog in a wide window, of the whole page in a narrow one. */
export function Navigation() {
  const page = usePage()
  const showPage = useApp(state => state.showPage)
  return (
    <nav
      aria-label="Pages"
      className="flex h-(--tabs) shrink-0 border-line bg-surface max-wide:order-last max-wide:border-t wide:absolute wide:bottom-0 wide:left-0 wide:w-76 wide:border-t wide:border-r"
    >
      {page !== 'images' && <h1 className="sr-only wide:hidden">Benchcast</h1>}
      {PAGES.map(({ page: own, label, icon: Icon, isNarrowOnly }) => (
        <button
          key={own}
          type="button"
          aria-current={own === page ? 'page' : undefined}
          onClick={() => showPage(own)}
          className={`flex flex-1 flex-col items-center justify-center gap-0.5 text-xs text-muted -outline-offset-2 hover:bg-sunken hover:text-ink aria-[current=page]:font-semibold aria-[current=page]:text-accent ${isNarrowOnly ? 'wide:hidden' : ''}`}
        >
          <Icon aria-hidden className="size-5" />
          {label}
        </button>
      ))}
    </nav>
  )
}
