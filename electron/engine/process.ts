/** Entry of the engine's own process, a Node 24 child of the window. Catalog: BENCHCAST_CATALOG or the default. */
import { defaultCatalogDirectory } from './catalog/catalog.ts'
import { openEngine } from './engine.ts'
import { ownParent, serveParent } from './parent.ts'

const catalogDirectory = process.env['BENCHCAST_CATALOG'] || defaultCatalogDirectory()
await serveParent(() => openEngine({ catalogDirectory }), ownParent())
