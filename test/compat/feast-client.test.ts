import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect } from 'vitest'
import { must } from '../../src/base/assert.ts'
import { parseInstant } from '../../src/base/instant.ts'
import { normalizeProject } from '../../src/config/normalize.ts'
import { onlineTable, openServerRig } from '../serving/rig.ts'
import { FEAST_CLIENTS, runPython, testEachClient } from './clients.ts'

/** Real Feast clients read the online store of our server: the oldest line that the replaced stack has, and the newest. */
describe('a Feast client', () => {
  let rig: Awaited<ReturnType<typeof openServerRig>>
  let folder: string
  let keys: string[]

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'weir-feast-'))
    // One more view of the same table, whose values are too old by now.
    rig = await openServerRig({
      change: (project) => {
        const payments = must(project.featureViews.find((view) => view.name === 'payments_agg_90d_fv'))
        const stale = { ...payments, name: 'stale_fv', ttlMs: 86_400_000 }
        const wide = normalizeProject(
          {
            name: 'wide',
            sources: {
              wide: {
                kind: 'changes',
                key: 'id',
                eventTime: 'at',
                columns: { id: 'Int64', at: 'UnixTimestamp', v: 'Float64', n: 'Int64' },
              },
            },
            entities: { one: { joinKeys: { id: 'Int64' } } },
            featureViews: {
              wide_fv: {
                entity: 'one',
                source: 'wide',
                features: { pv: { type: 'Float64', column: 'v' }, pn: { type: 'Int64', column: 'n' } },
              },
            },
          },
          '/',
        )
        return {
          ...project,
          sources: [...project.sources, ...wide.sources],
          entities: [...project.entities, ...wide.entities],
          featureViews: [...project.featureViews, stale, ...wide.featureViews],
        }
      },
    })
    const { sources, featureViews } = rig.app.project
    const delivered = sources.map((source) => source.name).filter((name) => name !== 'wide')
    await rig.app.ingestMonth({ dir: join(rig.months, 'month_000'), asOf: '2024-01-31', sources: delivered })
    const views = featureViews.map((view) => view.name).filter((name) => name !== 'wide_fv')
    await rig.app.features.materialize({ views, asOf: parseInstant('2024-01-31') })
    const rows = await rig.app.db.query<{ user_id: string }>(`select user_id from ${await onlineTable(rig.app.db)}`)
    keys = rows.map((row) => row.user_id).sort()
    await writeFile(join(folder, 'keys.json'), JSON.stringify(keys))
    const refs = rig.app.project.featureServices[0]?.features.map((f) => `${f.view}:${f.feature}`)
    await writeFile(join(folder, 'features.json'), JSON.stringify(refs))
  })
  afterAll(async () => {
    await rig?.close()
    if (folder) await rm(folder, { recursive: true, force: true })
  })

  testEachClient(FEAST_CLIENTS, '$version reads all features of all customers, as they are stored', async (client) => {
    const told = await runPython(client, './feast_client.py', { args: [rig.url, folder], uri: rig.url, cwd: folder })
    const { names, rows } = await ours()
    const values = told.values as Record<string, unknown[]>
    expect(told.feast).toBe(client.version)
    expect(values.user_id).toEqual(keys)
    for (const [i, name] of names.entries()) expect([name, values[name]]).toEqual([name, rows.map((row) => row[i])])
    const nulls = values.plan_stream_tv?.filter((value) => value === null).length ?? 0
    expect(nulls).toBeGreaterThan(1000)
    console.log(`Feast ${client.version}: ${keys.length} customers x ${names.length} features in ${told.seconds} s`)
    expect(told.service_agrees).toBe(true)
    expect(told.service_names).toEqual([...names, 'user_id'].sort())
    expect(told.stale).toEqual({ user_id: [keys[0]], failed_payments_90d: [null] })
    const unknown = told.unknown as Record<string, unknown[]>
    expect(unknown.monthly_fee).toEqual([null, rows[0]?.[names.indexOf('monthly_fee')]])
    expect(told.written).toMatchObject({ failed_payments_90d: [7] })
    expect(told.kept).toMatchObject({ failed_payments_90d: [7] })
    expect(told.pushed).toMatchObject({ failed_payments_90d: [9] })
    // Case 10: JSON carries the digits, as the client sends and reads them.
    expect(told.exact).toEqual({ id: ['9007199254740993', '9007199254740992'], pn: ['9007199254740993', '1'] })
    // Case 11: renamed columns are mapped, and a frame with the features' names is taken.
    expect(told.mapping).toEqual({ v: 'pv', n: 'pn' })
    expect(told.renamed).toMatchObject({ pv: [1.5], pn: [3] })
    expect((told.errors as Record<string, string>).view).toBe('FeatureViewNotFoundException')
    expect((told.errors as Record<string, string>).feature).not.toBeNull()
  })

  async function ours() {
    const service = rig.app.features.service(must(rig.app.project.models[0]).featureService)
    const rows = await rig.app.features.readOnline(service.name, keys)
    return { names: service.features.map((f) => f.name), rows: rows.map((row) => row.values) }
  }
})
