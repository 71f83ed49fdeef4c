// A process that ingests a month and stops still inside its commit, rows written and not yet committed, until it is
// killed. Runs the compiled code, as weir itself does. argv: the dist folder, and as JSON {url, objects, dir, asOf, project}.
import { pathToFileURL } from 'node:url'

const [dist, given] = process.argv.slice(2)
const { url, objects: store, dir, asOf, project } = JSON.parse(given)
const load = (path) => import(pathToFileURL(`${dist}/${path}`).href)
const { connectDatabase } = await load('db/db.js')
const { createDuck } = await load('lake/duck.js')
const { createIngest } = await load('ingest/ingest.js')
const { createLake } = await load('lake/lake.js')
const { openDirectoryStore } = await load('lake/directory-store.js')
const { silentLog: log } = await load('base/log.js')
const { systemClock: clock } = await load('base/clock.js')

const sql = await connectDatabase({ url, log })
const objects = await openDirectoryStore(store)
const duck = await createDuck({ directories: objects.directories })
const lake = createLake({ sql, objects, duck, clock })
const stopping = {
  ...lake,
  async commit(tx, drafts) {
    const committed = await lake.commit(tx, drafts)
    console.log(`written ${committed.length}`)
    await new Promise(() => {})
  },
}
// Something to wait for, or Node would end.
setInterval(() => {}, 1000)
await createIngest({ sql, lake: stopping, duck, project, clock, log }).ingestMonth({ dir, asOf })
