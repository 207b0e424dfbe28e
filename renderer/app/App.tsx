/** The one screen: catalog left, the bench with its card and button beside it. In a narrow window one page at a time. */
import { CatalogScreen } from '../features/catalog/Screen.tsx'
import { HistoryScreen } from '../features/history/Screen.tsx'
import { EndChime, LaptopBanners } from '../features/laptop/laptop.tsx'
import { SessionScreen } from '../features/session/Screen.tsx'
import { SettingsScreen } from '../features/settings/Screen.tsx'
import { CloseQuestion } from './CloseQuestion.tsx'
import { LinkBanners } from './LinkBanners.tsx'
import { Navigation } from './Navigation.tsx'
import { Notices } from './Notices.tsx'
import { usePage } from './usePage.ts'
import { useTheme } from './theme.ts'

export function App() {
  const page = usePage()
  useTheme()
  return (
    <div className="relative flex h-full select-none max-wide:flex-col">
      <CatalogScreen isPage={page === 'images'} />
      {page === 'history' && <HistoryScreen banners={<LinkBanners />} />}
      {page === 'settings' && <SettingsScreen banners={<LinkBanners />} />}
      <div className={`min-h-0 min-w-0 flex-1 ${page === 'bench' ? 'flex' : 'hidden'}`}>
        <SessionScreen
          banners={
            <>
              <LinkBanners />
              <LaptopBanners />
            </>
          }
        />
      </div>
      <Navigation />
      <Notices />
      <CloseQuestion />
      <EndChime />
    </div>
  )
}
