import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { parseInstant } from '../../src/base/instant.ts'
import { describeWith } from '../helpers/needs.ts'
import { answering, freePort } from '../helpers/programs.ts'
import { MODEL, openServerRig } from '../serving/rig.ts'
import type { Json } from '../tracking/rig.ts'
import { type Client, MLFLOW_CLIENTS, missingClient } from './clients.ts'

/** The real MLflow server, of both lines: our flow logs, registers and promotes there, and our serving loads from it. */
const AS_OF = parseInstant('2024-01-31', 'as-of')

for (const client of MLFLOW_CLIENTS) {
  describeWith(`with a real MLflow server ${client.version}`, missingClient(client), () => withServer(client))
}

function withServer(client: Client) {
  let mlflow: Awaited<ReturnType<typeof startMlflow>>
  let rig: Awaited<ReturnType<typeof openServerRig>>
  beforeAll(async () => {
    mlflow = await startMlflow(client)
    rig = await openServerRig({ trees: 10, tracking: mlflow.url })
    await rig.app.ingestMonth({ dir: join(rig.months, 'month_000'), asOf: AS_OF })
    await rig.app.features.materialize({ asOf: AS_OF })
  }, 240_000)
  afterAll(async () => {
    await rig?.close()
    await mlflow?.stop()
  })

  it('a training is logged and registered there once, promoted there, and answers here', async () => {
    const report = await rig.train()
    const again = await rig.app.trainBaseline({ model: MODEL, asOf: AS_OF, reuse: true })
    expect(again).toMatchObject({ reused: true, version: report.version, runId: report.runId })

    const ask = async (path: string): Promise<Json> => (await fetch(`${mlflow.url}/api/2.0/mlflow/${path}`)).json()
    const { run } = await ask(`runs/get?run_id=${report.runId}`)
    expect(run.info).toMatchObject({ status: 'FINISHED', run_name: 'rf_baseline_2024-01-31' })
    const value = (list: { key: string; value: string }[], key: string) => list.find((pair) => pair.key === key)?.value
    expect(value(run.data.params, 'n_estimators')).toBe('10')
    expect(Number(value(run.data.metrics, 'val_auc'))).toBeGreaterThan(0.7)
    expect(JSON.parse(value(run.data.tags, 'mlflow.log-model.history') ?? '[]')).toHaveLength(1)
    expect(run.inputs.dataset_inputs).toHaveLength(1)
    const { model_version } = await ask(`model-versions/get?name=${MODEL}&version=${report.version}`)
    expect(model_version).toMatchObject({ run_id: report.runId, current_stage: 'None' })

    await rig.promote(report.version)
    const answer = await rig.until(({ status }) => status === 200)
    expect(answer.body.model).toMatchObject({ name: MODEL, version: String(report.version), run_id: report.runId })
    expect(await rig.app.mlflow.registry.versionsOf(MODEL)).toMatchObject([{ stage: 'Production' }])
  }, 120_000)
}

async function startMlflow(client: Client) {
  const python = process.env[client.variable]
  if (!python) throw new Error(`${client.variable} must name a Python with ${client.requirements}`)
  const dir = await mkdtemp(join(tmpdir(), 'weir-mlflow-server-'))
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const places = ['--backend-store-uri', `sqlite:///${join(dir, 'mlflow.db')}`, '--artifacts-destination', dir]
  const args = ['-m', 'mlflow', 'server', '--host', '127.0.0.1', '--port', String(port), '--workers', '1', ...places]
  const env = { ...process.env, GIT_PYTHON_REFRESH: 'quiet', MLFLOW_TRACKING_URI: '' }
  const child = spawn(python, args, { cwd: dir, env, stdio: 'ignore', detached: true })
  await answering(child, `${url}/health`)
  return {
    url,
    async stop() {
      // The whole group: the server has workers.
      const ended = once(child, 'exit')
      process.kill(-child.pid!, 'SIGKILL')
      await ended
      await rm(dir, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 })
    },
  }
}
