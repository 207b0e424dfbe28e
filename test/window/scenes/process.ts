/** A scripted engine that begins anew, with the scene that stands in a file, for each page that connects. */
import { readFileSync } from 'node:fs'
import { type Attachable, ownParent, serveParent } from '../../../electron/engine/parent.ts'
import { openScripted } from '../scripted/engine.ts'

const file = process.env['BENCHCAST_SCENE'] ?? ''

const scenes: Attachable = {
  attach(channel) {
    // What the page asks may come in the same breath as its connection.
    const early: unknown[] = []
    let take = (message: unknown): unknown => early.push(message)
    channel.onMessage(message => void take(message))
    void openScripted(readFileSync(file, 'utf8').trim()).then(bench => {
      bench.attach({
        ...channel,
        onMessage(listener) {
          take = listener
          for (const message of early) listener(message)
        },
      })
      channel.onClose(() => void bench.close())
    })
  },
  close: async () => undefined,
}

await serveParent(async () => scenes, ownParent())
