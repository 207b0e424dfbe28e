/** The one screen: catalog left, card and button on top, bench in the middle. Files may be dropped anywhere on it. */
import { BenchScreen } from '../features/bench/Screen.tsx'
import { useDrop } from '../features/catalog/AddImages.tsx'
import { CatalogScreen } from '../features/catalog/Screen.tsx'
import { TopBar } from '../features/session/TopBar.tsx'
import { LinkBanners } from './LinkBanners.tsx'
import { Notices } from './Notices.tsx'

export function App() {
  const { isOver, handlers } = useDrop()
  return (
    <div {...handlers} className="flex h-full select-none">
      <CatalogScreen isDropOver={isOver} />
      <div className="flex min-w-0 flex-1 flex-col">
        <TopBar />
        <main aria-label="Bench" className="flex min-h-0 flex-1 flex-col gap-4 p-4">
          <LinkBanners />
          <BenchScreen />
        </main>
      </div>
      <Notices />
    </div>
  )
}
