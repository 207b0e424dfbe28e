/** The one screen: catalog left, the bench with its card and button beside it. */
import { CatalogScreen } from '../features/catalog/Screen.tsx'
import { LaptopBanners } from '../features/laptop/laptop.tsx'
import { SessionScreen } from '../features/session/Screen.tsx'
import { CloseQuestion } from './CloseQuestion.tsx'
import { LinkBanners } from './LinkBanners.tsx'
import { Notices } from './Notices.tsx'

export function App() {
  return (
    <div className="flex h-full select-none">
      <CatalogScreen />
      <SessionScreen
        banners={
          <>
            <LinkBanners />
            <LaptopBanners />
          </>
        }
      />
      <Notices />
      <CloseQuestion />
    </div>
  )
}
