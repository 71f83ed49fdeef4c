import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect } from 'vitest'
import { type MlflowRig, openMlflowRig } from '../tracking/rig.ts'
import { MLFLOW_CLIENTS, runPython, testEachClient } from './clients.ts'

describe('frameworks that log by themselves', () => {
  let rig: MlflowRig
  let uri: string
  let folder: string

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'weir-frameworks-'))
    rig = await openMlflowRig()
    uri = await rig.server.listen()
  })
  afterAll(async () => {
    await rig?.close()
    if (folder) await rm(folder, { recursive: true, force: true })
  })

  testEachClient(MLFLOW_CLIENTS, 'autolog, grid search and evaluate work with MLflow $version', async (client) => {
    expect(await runPython(client, './frameworks.py', { uri, cwd: folder })).toEqual({
      mlflow: client.version,
      parts: {
        scikit_learn: { C: '0.5', auc: true, same: true, dataset: ['dataset'] },
        grid_search: { children: 3, C: ['0.1', '1.0', '10.0'] },
        light_gbm: { steps: [0, 1, 2, 3, 4], trees: 5 },
        evaluate: { accuracy: 1, same: true },
      },
    })
  })
})
