/** Entry of the scripted engine: started instead of the real one through BENCHCAST_ENGINE. */
import { ownParent, serveParent } from '../../../electron/engine/parent.ts'
import { openScripted } from './engine.ts'

await serveParent(() => openScripted(process.env['BENCHCAST_SCRIPT'] ?? 'empty'), ownParent())
