/** Opens and ends sessions one after another until it is killed: `node storeKill.fixture.ts DIRECTORY PREFIX`. */
import { openCatalog } from '../catalog/catalog.ts'
import { createHistory, recordOf } from '../history/history.ts'
import { ended, machine, PLAN, session } from './ended.fixture.ts'
import { createSessionStore } from './store.ts'

const [directory = '', prefix = ''] = process.argv.slice(2)
const { database } = openCatalog(directory)
const store = createSessionStore(database)
const history = createHistory(database)

for (let at = 0; ; at++) {
  const id = `${prefix}${at.toString(16).padStart(6, '0')}`
  const row = session({ id, name: id, createdAtMs: Date.now(), endedAtMs: Date.now() })
  const receivers = Array.from({ length: 40 }, (_, index) => machine(1 + index))
  store.opened({ ...row, plan: PLAN, group: '239.1.2.3', port: 63_000 })
  store.progressed(id, { startedAtMs: 1, sentBytes: 2, repairBytes: 3, receivers })
  store.ended(row, row, () => history.add(recordOf(ended({ session: row, receivers }), 'Kim')))
  if (at === 0) process.stdout.write('ended one\n')
}
