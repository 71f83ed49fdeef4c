import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { type MlflowRig, openMlflowRig } from '../tracking/rig.ts'
import { MLFLOW_CLIENTS, runPython, testEachClient } from './clients.ts'

/**
 * The calls that both lines of the client must be able to make: the contract's lists of what must be there. But for
 * the two that list artifacts, which no client asks where these go through the proxy (test/tracking does).
 */
const BOTH = `
  POST experiments/create · GET experiments/get · GET experiments/get-by-name · POST experiments/search
  POST experiments/delete · POST experiments/restore · POST experiments/update · POST experiments/set-experiment-tag
  POST runs/create · POST runs/update · POST runs/delete · POST runs/restore · GET runs/get · POST runs/search
  POST runs/log-metric · POST runs/log-parameter · POST runs/set-tag · POST runs/delete-tag · POST runs/log-batch
  POST runs/log-inputs · GET metrics/get-history
  POST registered-models/create · POST registered-models/rename · PATCH registered-models/update
  DELETE registered-models/delete · GET registered-models/get · GET registered-models/search
  POST registered-models/get-latest-versions · POST registered-models/set-tag · DELETE registered-models/delete-tag
  POST registered-models/alias · DELETE registered-models/alias · GET registered-models/alias
  POST model-versions/create · GET model-versions/get · PATCH model-versions/update · DELETE model-versions/delete
  GET model-versions/search · GET model-versions/get-download-uri · POST model-versions/transition-stage
  POST model-versions/set-tag · DELETE model-versions/delete-tag
  PUT artifacts/* · GET artifacts/* · DELETE artifacts/*`
/** What only one line has; the older one alone logs models by `runs/log-model`. */
const ONLY: Record<string, string> = {
  '2': 'POST runs/log-model',
  '3': `
  POST experiments/delete-experiment-tag · POST runs/outputs · POST logged-models · GET logged-models/:model_id
  DELETE logged-models/:model_id · PATCH logged-models/:model_id · PATCH logged-models/:model_id/tags
  DELETE logged-models/:model_id/tags/:tag_key · POST logged-models/:model_id/params · POST logged-models/search`,
}
const callsOf = (text: string) => text.split(/[·\n]/).flatMap((call) => (call.trim() === '' ? [] : [call.trim()]))

async function withServer<T>(body: (rig: MlflowRig, uri: string, cwd: string, asked: Set<string>) => Promise<T>) {
  const cwd = await mkdtemp(join(tmpdir(), 'weir-each-call-'))
  const rig = await openMlflowRig()
  const asked = new Set<string>()
  rig.server.app.addHook('onRequest', async ({ method, routeOptions }) => {
    asked.add(`${method} ${(routeOptions.url ?? '').replace(/^\/api\/2\.0\/mlflow(-artifacts)?\//, '')}`)
  })
  try {
    return await body(rig, await rig.server.listen(), cwd, asked)
  } finally {
    await rig.close()
    await rm(cwd, { recursive: true, force: true })
  }
}

describe('each call of the contract', () => {
  testEachClient(
    MLFLOW_CLIENTS,
    'is made by the client $version, and answered',
    async (client) => {
      await withServer(async (_rig, uri, cwd, asked) => {
        expect(await runPython(client, './each_call.py', { uri, cwd })).toMatchObject({ mlflow: client.version })
        const must = [...callsOf(BOTH), ...callsOf(ONLY[client.version[0]!]!)]
        expect(must.filter((call) => !asked.has(call))).toEqual([])
      })
    },
    180_000,
  )
})

describe('the command line of MLflow', () => {
  testEachClient(
    MLFLOW_CLIENTS,
    '$version lists, deletes and restores experiments and runs, and moves artifacts',
    async (client) => {
      await withServer(async (rig, uri, cwd) => {
        const runId = await rig.newRun(await rig.newExperiment('with a run'), { run_name: 'walked' })
        await rig.postOk('runs/log-parameter', { run_id: runId, key: 'p', value: 'ü' })
        const told = await runPython(client, './command_line.py', { uri, cwd, args: [runId] })
        expect(told).toMatchObject({
          created: 'by hand',
          deleted: 'by other hand',
          csv: true,
          described: { info: { run_id: runId, run_name: 'walked' }, data: { params: { p: 'ü' } } },
          listed: true,
          listedWhenDeleted: false,
          restored: 'active',
          files: [{ path: 'notes/note.txt', is_dir: false, file_size: 7 }],
          back: 'by hand',
        })
      })
    },
    120_000,
  )
})
