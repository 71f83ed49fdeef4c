import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect } from 'vitest'
import { type MlflowRig, openMlflowRig } from '../tracking/rig.ts'
import { MLFLOW_CLIENTS, runPython, testEachClient } from './clients.ts'

let rig: MlflowRig
let uri: string
let cwd: string
beforeAll(async () => {
  rig = await openMlflowRig()
  uri = await rig.server.listen()
  cwd = await mkdtemp(join(tmpdir(), 'weir-percent-'))
})
afterAll(async () => {
  await rig.close()
  await rm(cwd, { recursive: true, force: true })
})

/** As it is stored, and the name that the file had: what the server of MLflow 2.16.2 does with the same script. */
const STORED = {
  'p/100% sure.txt': '100% sure.txt',
  'p/aA.txt': 'a%41.txt',
  'p/bA.txt': 'b%2541.txt',
  'p/c%.txt': 'c%25.txt',
  'p/d%.txt': 'd%.txt',
  'p/e f.txt': 'e%20f.txt',
  'p/g%zz.txt': 'g%zz.txt',
}

testEachClient(
  MLFLOW_CLIENTS,
  'files whose names have a percent sign are logged, listed and downloaded by the client $version as with MLflow’s own server',
  async (client) => {
    const told = await runPython(client, './percent_names.py', { uri, cwd })
    expect(told).toEqual({ mlflow: client.version, logged: {}, listed: Object.keys(STORED), content: STORED })
  },
  120_000,
)
