/** Says when the engine is not there, and that it came back; and why the window is small. */
import { LoaderCircle, Maximize2, PlugZap, RefreshCw } from 'lucide-react'
import { Banner } from '../ui/Banner.tsx'
import { Button } from '../ui/Button.tsx'
import { useApp, useEngine } from './context.ts'

export function LinkBanners() {
  return (
    <>
      <LinkBanner />
      <SmallBanner />
    </>
  )
}

function SmallBanner() {
  const isSmall = useApp(state => state.isSmall)
  const engine = useEngine()
  if (!isSmall) return null
  return (
    <Banner
      tone="idle"
      icon={Maximize2}
      title="Benchcast goes on in this small window."
      note="This desktop shows no tray to go on in."
      buttons={<Button onClick={engine.showWindow}>Full size</Button>}
    />
  )
}

function LinkBanner() {
  const link = useApp(state => state.link)
  const status = useApp(state => state.engineStatus)
  const wasRestarted = useApp(state => state.wasRestarted)
  const restartSeen = useApp(state => state.restartSeen)
  const engine = useEngine()
  if (status.state === 'failed') {
    return (
      <Banner
        tone="bad"
        icon={PlugZap}
        isUrgent
        title="The engine does not start"
        buttons={
          <Button icon={RefreshCw} onClick={engine.reconnect}>
            Try again
          </Button>
        }
      >
        <p className="break-words">{status.message}</p>
      </Banner>
    )
  }
  if (link === 'refused') {
    return (
      <Banner tone="bad" icon={PlugZap} isUrgent title="This link does not open the bench">
        <p className="text-muted">
          Open the link that benchcast serve printed: it ends in a secret that is the bench’s own.
        </p>
      </Banner>
    )
  }
  if (link === 'lost') {
    return (
      <Banner
        tone="warn"
        icon={LoaderCircle}
        isUrgent
        title={
          engine.isWindow
            ? 'The engine stopped and is being started again'
            : 'The connection to Benchcast was lost. Trying again.'
        }
      >
        {status.message !== '' && <p className="break-words text-muted">{status.message}</p>}
      </Banner>
    )
  }
  if (wasRestarted) {
    return (
      <Banner
        tone="idle"
        icon={RefreshCw}
        title={
          engine.isWindow
            ? 'The engine stopped and was started again'
            : 'The connection to Benchcast is back'
        }
        onClose={restartSeen}
      />
    )
  }
  return null
}
