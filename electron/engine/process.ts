/** Entry of the engine's own process, a Node 24 child of the window. Catalog: BENCHCAST_CATALOG or the default. */
import { keepCompiledCode } from './compiledCode.ts'

keepCompiledCode()
const { defaultCatalogDirectory } = await import('./catalog/catalog.ts')
const { openEngine } = await import('./engine.ts')
const { ownParent, serveParent } = await import('./parent.ts')

const catalogDirectory = process.env['BENCHCAST_CATALOG'] || defaultCatalogDirectory()
await serveParent(() => openEngine({ catalogDirectory }), ownParent())
