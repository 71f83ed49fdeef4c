import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect } from 'vitest'
import { parseInstant } from '../../src/base/instant.ts'
import type { TrainingReport } from '../../src/pipelines/train-baseline.ts'
import { MODEL, onlineTable, openServerRig } from '../serving/rig.ts'
import { MLFLOW_CLIENTS, runPython, testEachClient } from './clients.ts'

/** The real MLflow clients load from our server the model that our own trainer registered. */
const BATCH = 1000

describe('models:/streamflow_churn/Production', () => {
  let rig: Awaited<ReturnType<typeof openServerRig>>
  let folder: string
  let trained: TrainingReport

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'weir-production-'))
    rig = await openServerRig({ trees: 300 })
    await rig.app.ingestMonth({ dir: join(rig.months, 'month_000'), asOf: '2024-01-31' })
    await rig.app.features.materialize({ asOf: parseInstant('2024-01-31', 'as-of') })
    trained = await rig.train()
    await rig.promote(trained.version)
    await rig.until((answer) => answer.status === 200)
    const set = await rig.app.features.trainingSet({
      model: MODEL,
      asOf: trained.asOf,
      knownAt: trained.knownAt,
      mode: 'restated',
    })
    await rig.app.features.exportTrainingSet(set, join(folder, 'january.parquet'))
    const ours = await predictions()
    expect(Object.keys(ours)).toHaveLength(7043)
    await writeFile(join(folder, 'ours.json'), JSON.stringify(ours))
  })
  afterAll(async () => {
    await rig?.close()
    if (folder) await rm(folder, { recursive: true, force: true })
  })

  testEachClient(
    MLFLOW_CLIENTS,
    'gives in MLflow $version what POST /predict gives, for all customers',
    async (client) => {
      const args = [join(folder, 'january.parquet'), join(folder, 'ours.json')]
      const told = await runPython(client, './production_model.py', { args, uri: rig.url, cwd: folder })
      console.log(`MLflow ${client.version}: greatest difference over 7,043 customers: ${told.difference}`)
      expect(told).toMatchObject({ mlflow: client.version, rows: 7043, version: '1', run_ids: [trained.runId] })
      expect(told.inputs).toHaveLength(14)
      expect(told.difference).toBeLessThanOrEqual(1e-6)
    },
  )

  async function predictions(): Promise<Record<string, number>> {
    const rows = await rig.app.db.query<{ user_id: string }>(`select user_id from ${await onlineTable(rig.app.db)}`)
    const ids = rows.map((row) => row.user_id)
    const found: Record<string, number> = {}
    for (let at = 0; at < ids.length; at += BATCH) {
      const { body } = await rig.post('/predict/batch', { user_ids: ids.slice(at, at + BATCH) })
      for (const p of body.predictions as { user_id: string; probability: number }[]) found[p.user_id] = p.probability
    }
    return found
  }
})
