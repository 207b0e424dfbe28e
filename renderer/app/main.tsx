/** Entry of the page: store, engine, screen. */
import './styles.css'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { connectEngine } from '../engine.ts'
import { App } from './App.tsx'
import { AppContext } from './context.ts'
import { createAppStore } from './store.ts'
import { takeToken } from './token.ts'

const root = document.getElementById('root')
if (!root) throw new Error('index.html has no #root.')

// Radix injects one <style> while a dialog is open; the policy allows it by this nonce (electron/assets/assets.ts).
const nonce = document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content ?? ''
Object.assign(globalThis, { __webpack_nonce__: nonce })

const store = createAppStore()
const engine = connectEngine(
  {
    loaded(info, all) {
      store.getState().linkOpened(info)
      // From here on a click does something: measured from the app's start (test/window/start.window.ts).
      requestAnimationFrame(() => performance.mark('interactive'))
      store.getState().catalogChanged(all)
      store.getState().cardsChanged(all)
      store.getState().examinationsChanged(all)
      store.getState().benchChanged(all)
      store.getState().settingsChanged(all)
      store.getState().templatesChanged(all)
      store.getState().historyChanged(all)
      store.getState().laptopChanged(all)
      store.getState().sessionsLoaded(all)
    },
    changed(batch) {
      if (batch.images || batch.tasks) store.getState().catalogChanged(batch)
      if (batch.nics) store.getState().cardsChanged(batch)
      if (batch.examinations) store.getState().examinationsChanged(batch)
      if (batch.boot || batch.machines) store.getState().benchChanged(batch)
      if (batch.settings) store.getState().settingsChanged(batch)
      if (batch.templates) store.getState().templatesChanged(batch)
      if (batch.recorded.length > 0) store.getState().historyChanged(batch)
      if (batch.laptop) store.getState().laptopChanged(batch)
      store.getState().sessionsChanged(batch)
    },
    lost: () => store.getState().linkLost(),
    status: status => store.getState().engineStatusChanged(status),
    refused: () => store.getState().linkRefused(),
    closeAsked: question => store.getState().closeAsked(question),
    small: isSmall => store.getState().windowSized(isSmall),
  },
  takeToken(),
)

createRoot(root).render(
  <StrictMode>
    <AppContext value={{ store, engine }}>
      <App />
    </AppContext>
  </StrictMode>,
)
