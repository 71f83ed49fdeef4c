import type {} from '@fastify/swagger'
import type { FastifyPluginAsync } from 'fastify'
import { PlatformError } from '../base/errors.ts'
import { atWork } from '../db/pulse.ts'
import type { Database } from '../db/sql.ts'
import { recordChange } from '../identity/audit.ts'
import type { ObjectStore } from '../lake/objects.ts'
import {
  type CollectedAnswer,
  type CollectRequest,
  collectedAnswer,
  collectibleJson,
  collectRequest,
  type DoctorAnswer,
  doctorAnswer,
  retentionJson,
  type StorageAnswer,
  storageAnswer,
} from '../wire/installation.ts'
import { routeOptions } from '../wire/route.ts'
import type { StorageReport } from './collect-storage.ts'
import type { Finding } from './doctor.ts'
import { sizesOfObjects, sizesOfTables } from './stored-sizes.ts'

type Deps = {
  sql: Database
  objects: ObjectStore
  retention: Parameters<typeof retentionJson>[0]
  examine(): Promise<Finding[]>
  collect(options: { dryRun: boolean }): Promise<StorageReport>
}

/** `GET /doctor`, `GET /storage`, `POST /storage/collect`: the installation, for whoever runs it. */
export function installationRoutes({ sql, objects, retention, examine, collect }: Deps): FastifyPluginAsync {
  return async (app) => {
    let looking: Promise<StorageAnswer> | undefined
    let collecting = false

    const doctor = routeOptions({
      tag: 'state',
      summary: 'What this server finds of itself and of what it needs',
      answers: { 200: doctorAnswer },
    })
    app.get('/doctor', doctor, async (): Promise<DoctorAnswer> => {
      const findings = await examine()
      return { healthy: findings.every(({ state }) => state !== 'broken'), findings }
    })

    const storage = routeOptions({
      ...{ tag: 'state', summary: 'What is kept, how long, and what a collection would remove' },
      answers: { 200: storageAnswer },
    })
    const look = async (): Promise<StorageAnswer> => {
      const [kept, tables, would] = [
        await sizesOfObjects(objects),
        await sizesOfTables(sql),
        await collect({ dryRun: true }),
      ]
      return {
        ...{ objects: kept, tables: tables.tables, database_bytes: tables.all },
        ...{ retention: retentionJson(retention), collectible: collectibleJson(would) },
      }
    }
    // It lists the whole store: whoever asks meanwhile gets the same answer.
    app.get('/storage', storage, () => {
      looking ??= atWork(look).finally(() => {
        looking = undefined
      })
      return looking
    })

    const remove = routeOptions({
      ...{ tag: 'state', summary: 'Remove what is kept and nobody needs any more, as weir gc does' },
      body: collectRequest,
      ...{ answers: { 200: collectedAnswer }, errors: [409] },
    })
    app.post<{ Body: CollectRequest }>('/storage/collect', remove, async ({ body }): Promise<CollectedAnswer> => {
      const { dry_run: dryRun = false } = body
      if (dryRun) return { removed: collectibleJson(await atWork(() => collect({ dryRun }))) }
      if (collecting) throw new PlatformError('conflict', 'a collection is under way; look again when it is done')
      collecting = true
      try {
        const removed = collectibleJson(await atWork(() => collect({ dryRun: false })))
        const on = { kind: 'storage', name: 'what nobody needs' }
        await sql.tx((tx) => recordChange(tx, { action: 'garbage.collected', on, from: null, to: removed }))
        return { removed }
      } finally {
        collecting = false
      }
    })
  }
}
