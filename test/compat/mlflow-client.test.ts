import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { describeWith } from '../helpers/needs.ts'
import { type Json, type MlflowRig, openMlflowRig } from '../tracking/rig.ts'
import { type Client, MLFLOW_CLIENTS, missingClient } from './clients.ts'

/** The real MLflow clients against a server of ours: one Python process does everything and tells what it saw. */
const SCRIPT = fileURLToPath(new URL('./mlflow_client.py', import.meta.url))

for (const client of MLFLOW_CLIENTS) {
  describeWith(`the MLflow client ${client.version}`, missingClient(client), () => everyCall(client))
}

function everyCall({ version, variable }: Client): void {
  const python = process.env[variable]
  let rig: MlflowRig
  let folder: string
  let parts: Record<string, Json>

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'weir-mlflow-client-'))
    rig = await openMlflowRig()
    const env = {
      ...process.env,
      MLFLOW_TRACKING_URI: await rig.server.listen(),
      MLFLOW_HTTP_REQUEST_MAX_RETRIES: '0',
      GIT_PYTHON_REFRESH: 'quiet',
      NO_PROXY: '127.0.0.1',
    }
    const { stdout } = await promisify(execFile)(python!, [SCRIPT], { cwd: folder, env, maxBuffer: 10_000_000 })
    const told = JSON.parse(stdout.trim().split('\n').at(-1)!)
    expect(told.mlflow).toBe(version)
    parts = told.parts
  }, 300_000)
  afterAll(async () => {
    await rig?.close()
    if (folder) await rm(folder, { recursive: true, force: true })
  })

  it('logs runs with params, metrics, tags, files and datasets, and reads them back', () => {
    expect(parts.fluent).toEqual({
      experiment: 'compat',
      status: 'FINISHED',
      ended: true,
      params: { lr: '0.1', depth: '3', name: 'größe \'x\' "y" %_', empty: '' },
      acc: 0.5,
      nan: true,
      up: Number.MAX_VALUE,
      down: -Number.MAX_VALUE,
      tags: { team: 'a', k: 'v', a: '1', b: '2', 'mlflow.runName': 'parent' },
      history: [0, 1, 2, 3, 4].map((step) => [step, 1 / (step + 1)]),
      inputs: [['frame', 'training']],
    })
  })

  it('searches runs into data frames, and experiments', () => {
    expect(parts.searches).toEqual({
      found: ['parent'],
      param: 'größe \'x\' "y" %_',
      best: 0.9,
      children: ['child'],
      by_data: ['parent'],
      pages: [1, 1],
      experiments: ['compat'],
      refused: ['INVALID_PARAMETER_VALUE', expect.stringContaining('Invalid clause(s) in filter string')],
    })
  })

  it('uploads, lists and downloads artifacts', () => {
    expect(parts.artifacts).toEqual({
      root: [
        ['a.txt', false, 1],
        ['all', true, null],
      ],
      all: [
        ['all/a.txt', false, 1],
        ['all/deep', true, null],
        ['all/empty.txt', false, 0],
      ],
      downloaded: ['a.txt', 'all/a.txt', 'all/deep/b ü.bin', 'all/empty.txt'],
      same: true,
      one: 'a',
      uri: true,
      outside: ['INVALID_PARAMETER_VALUE', expect.stringMatching(/^400 .*INVALID_PARAMETER_VALUE.*Invalid path/)],
    })
  })

  it('does all of that by MlflowClient too, with the refusals of MLflow', () => {
    expect(parts.low_level).toEqual({
      run: ['renamed', 'FAILED', 1, 2],
      sizes: [100, 10, false],
      latest: 799,
      conflict: ['INVALID_PARAMETER_VALUE', expect.stringContaining('Changing param values is not allowed')],
      deleted: ['INVALID_PARAMETER_VALUE', expect.stringContaining("must be in the 'active' state")],
      gone: true,
      stage: 'deleted',
      experiment: ['low level, renamed', { purpose: 'test', k: 'v' }],
      twice: ['RESOURCE_ALREADY_EXISTS', expect.any(String)],
      'missing run': ['RESOURCE_DOES_NOT_EXIST', expect.any(String)],
      'missing experiment': true,
    })
  })

  it('logs, registers, promotes and loads an ONNX model', () => {
    expect(parts.models).toEqual({
      version: ['x', '2', 'READY'],
      moved: ['Production', 'Production', 'Archived'],
      latest: [['2', 'Production']],
      outputs: {
        'runs:/R/model': [9, 13],
        'models:/x/1': [9, 13],
        'models:/x/Production': [9, 13],
        'models:/x@champion': [9, 13],
        'models:/x/latest': [9, 13],
      },
      found: ['1', '2'],
      second: ['the second', { checked: 'yes' }, true],
      logged: ['model'],
      source: true,
      foreign: ['INVALID_PARAMETER_VALUE', expect.stringContaining('Invalid model version source')],
    })
  })

  it('logs what scikit-learn does by itself', () => {
    expect(parts.autolog).toEqual({
      C: '0.5',
      metrics: ['training_accuracy_score', 'training_f1_score', 'training_log_loss'],
      model: ['model/MLmodel', 'model/conda.yaml'],
      datasets: 1,
    })
  })

  it('works from the command line', () => {
    expect(parts.command_line).toMatchObject({ status: 0, compat: true })
  })
}
