import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { describeWith } from '../helpers/needs.ts'
import { type Json, type MlflowRig, openMlflowRig } from '../tracking/rig.ts'
import { type Client, MLFLOW_CLIENTS, missingClient, runPython } from './clients.ts'

/** What teams do beside the plain life of runs and models, with the real clients: one process for each line. */
for (const client of MLFLOW_CLIENTS) {
  describeWith(`the MLflow client ${client.version}`, missingClient(client), () => edges(client))
}

function edges(client: Client): void {
  const is3 = client.version.startsWith('3')
  let rig: MlflowRig
  let folder: string
  let parts: Record<string, Json>

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'weir-mlflow-edges-'))
    rig = await openMlflowRig({ clock: 'system' })
    const told = await runPython(client, './mlflow_edges.py', { uri: await rig.server.listen(), cwd: folder })
    parts = told.parts as Record<string, Json>
  }, 300_000)
  afterAll(async () => {
    await rig?.close()
    if (folder) await rm(folder, { recursive: true, force: true })
  })

  it('registers, tags, stages and finds versions whose files are elsewhere, as they were given', () => {
    const kept = [true, 'run_id', true]
    const expected = {
      kept: [kept, kept, kept],
      found: 3,
      tag: { empty: '' },
      moved: true,
      local: 'INVALID_PARAMETER_VALUE',
    }
    expect(parts.sources).toEqual(expected)
  })

  it('copies a version', () => {
    expect(parts.copies).toEqual(['models:/original/1', 'theirs', 's3://bucket/original'])
  })

  it('logs steps over all of an int64 and reads them exactly', () => {
    expect(parts.steps).toEqual(['-9223372036854775808', '9007199254740993', '9223372036854775807'])
  })

  it('keeps a dataset as training and as eval', () => {
    expect(parts.datasets).toEqual(['training', 'eval'])
  })

  it('keeps where a logged model came from', () => {
    const noted = [['logged', 1]]
    const expected = { run: true, source: true, found: ['logged'], noted, loads: 'PyFuncModel' }
    expect(parts.lineage).toEqual(is3 ? expected : null)
  })

  it('registers prompts beside the models', () => {
    if (!is3) return expect(parts.prompts).toBeNull()
    expect(parts.prompts).toMatchObject({ version: 2, text: 'Hello {{name}}', models: [] })
    expect(parts.prompts.taken).toContain('already taken by a prompt')
  })

  it('keeps traces, gives them back with their spans, and warns of nothing', () => {
    const expected = is3
      ? { found: 3, spans: [['double', { x: 3 }, 6]], assessments: ['good', 'wanted'], tag: 'x', deleted: 2 }
      : { found: 1, ms: 2000, tag: '2', deleted: 1 }
    expect(parts.traces).toEqual(expected)
    expect(parts.warnings).toEqual([])
  })
}
