import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'vitest'
import { type App, createApp } from '../../src/app.ts'
import { systemClock } from '../../src/base/clock.ts'
import { parseInstant } from '../../src/base/instant.ts'
import { silentLog } from '../../src/base/log.ts'
import { readSettings } from '../../src/config/settings.ts'
import { writeMonths } from '../../src/generator/streamflow.ts'
import { loadStreamflow } from '../features/real-data.ts'
import { testWith } from '../helpers/needs.ts'
import { testDatabase } from '../helpers/pg.ts'
import { missingRedis, startRedis } from '../helpers/redis.ts'

const AS_OF = '2024-01-31'

testWith(
  'X6: two databases, one Redis, the same project name: each reads its own values, also after the other was brought anew',
  missingRedis(),
  async () => {
    const dir = await mkdtemp(join(tmpdir(), 'weir-two-homes-'))
    const redis = await startRedis()
    const databases = [await testDatabase(), await testDatabase()]
    const apps: App[] = []
    try {
      await writeMonths(dir, 2, { customers: 60 })
      for (const [i, { url }] of databases.entries()) {
        const env = { DATABASE_URL: url, WEIR_HOME: join(dir, `home-${i}`), WEIR_ONLINE: redis.url }
        const settings = readSettings({ flags: {}, env, projectDir: dir })
        apps.push(await createApp({ settings, project: await loadStreamflow(), clock: systemClock, log: silentLog }))
      }
      const [production, staging] = apps as [App, App]
      expect(production.home.id).not.toBe(staging.home.id)
      await production.ingest.ingestMonth({ dir: join(dir, 'month_000'), asOf: parseInstant(AS_OF) })
      await production.features.materialize({ asOf: parseInstant(AS_OF) })
      const [before] = await production.features.readOnline('churn_features', ['7590-VHVEG'])

      await staging.ingest.ingestMonth({ dir: join(dir, 'month_001'), asOf: parseInstant(AS_OF) })
      await staging.features.materialize({ asOf: parseInstant(AS_OF) })
      const [after] = await production.features.readOnline('churn_features', ['7590-VHVEG'])
      const [other] = await staging.features.readOnline('churn_features', ['7590-VHVEG'])
      expect(after?.values).toEqual(before?.values)
      expect(other?.values).not.toEqual(before?.values)
    } finally {
      for (const app of apps) await app.close()
      for (const database of databases) await database.drop()
      await redis.stop()
      await rm(dir, { recursive: true, force: true })
    }
  },
)
