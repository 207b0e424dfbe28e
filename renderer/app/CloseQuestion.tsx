/** Closing the window while sessions are open: go on without it, stop, or stay. */
import { useEngine, useApp } from './context.ts'
import { Button } from '../ui/Button.tsx'
import { Dialog, DialogButtons } from '../ui/Dialog.tsx'

export function CloseQuestion() {
  const question = useApp(state => state.closeQuestion)
  const closeAsked = useApp(state => state.closeAsked)
  const engine = useEngine()
  if (question === null) return null
  const answer = (given: 'keep' | 'stop' | 'cancel'): void => {
    closeAsked(null)
    engine.answerClose(given)
  }
  const [only] = question.sessions
  const isOne = question.sessions.length === 1 && only !== undefined
  const what = isOne ? `The session with ${only.imageName} is` : 'Sessions are'
  const stop = isOne ? 'Stop the session' : `Stop all ${question.sessions.length} sessions`
  const description = question.canHide
    ? `${what} open. Benchcast can go on in the tray, and its icon there opens the window again. If you stop now, machines that are not finished hold an incomplete image.`
    : `${what} open. This desktop shows no tray, so Benchcast goes on in a small window. If you stop now, machines that are not finished hold an incomplete image.`
  return (
    <Dialog
      title="Close the window?"
      description={description}
      isOpen
      onClose={() => answer('cancel')}
    >
      <DialogButtons>
        <Button onClick={() => answer('cancel')}>Cancel</Button>
        <Button variant="danger" onClick={() => answer('stop')}>
          {stop}
        </Button>
        <Button variant="primary" onClick={() => answer('keep')}>
          {question.canHide ? 'Go on in the tray' : 'Go on in a small window'}
        </Button>
      </DialogButtons>
    </Dialog>
  )
}
