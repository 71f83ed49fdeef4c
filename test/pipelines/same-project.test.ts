import { expect, test } from 'vitest'
import type { Project } from '../../src/config/project.ts'
import type { FlowBody } from '../../src/flows/flow.ts'
import type { Flows } from '../../src/flows/flows.ts'
import type { ObjectStore } from '../../src/lake/objects.ts'
import { defineIngestMonth } from '../../src/pipelines/ingest-month.ts'
import { defineMaterialize } from '../../src/pipelines/materialize.ts'
import { projectDigest } from '../../src/pipelines/same-project.ts'
import { defineTrainBaseline } from '../../src/pipelines/train-baseline.ts'
import { requireSameBuild } from '../../src/training/pin.ts'
import type { Training } from '../../src/training/training.ts'
import { ridesProject } from '../features/rides.ts'

/**
 * An engine in memory: what a step gave is recorded, and a run that goes on in another process, with its own definition
 * of the flow, gets the recorded results of the steps before.
 */
function createRuns() {
  const recorded = new Map<string, unknown>()
  let stopBefore: string | undefined
  let input: unknown
  const process = (make: (flows: Flows) => unknown) => {
    let body: FlowBody<never, unknown> | undefined
    const flows = {
      define: (_name: string, given: FlowBody<never, unknown>) => {
        body = given
      },
      submit: async (_flow: string, given: unknown) => {
        input = structuredClone(given)
        return 'run'
      },
      wait: () => go(),
    } as unknown as Flows
    const submit = make(flows) as (request: object) => Promise<unknown>
    async function step<T>(name: string, run: () => Promise<T>): Promise<T> {
      if (recorded.has(name)) return structuredClone(recorded.get(name)) as T
      if (name === stopBefore) throw new Error('killed')
      const result = await run()
      recorded.set(name, structuredClone(result))
      return result
    }
    const go = async () => body?.({ id: 'run', step } as never, input as never)
    return { submit, go }
  }
  return {
    process,
    steps: () => [...recorded.keys()],
    killBefore: (name?: string) => {
      stopBefore = name
    },
  }
}

const REFUSED = { code: 'conflict', message: expect.stringMatching(/was edited.*Nothing more is done.*command again/) }
const store = { objects: {} as ObjectStore, shared: false }
const STEPS = ['pin', 'build training set', 'build as served', 'fit', 'log run', 'register']
const edited = (): Project => {
  const project = ridesProject()
  return { ...project, models: project.models.map((m) => ({ ...m, threshold: 0.9 })) }
}

function trainingThatTells() {
  const logged: string[] = []
  const did = (name: string, result: object) => async () => {
    logged.push(name)
    return result
  }
  const training = {
    pin: did('pin', { definitions: { service: { features: [] } } }),
    requireSameBuild: async () => {},
    buildDataset: did('build training set', {}),
    buildAsServed: did('build as served', {}),
    fit: did('fit', { outcome: { kind: 'regression' } }),
    logRun: did('log run', { runId: 'r' }),
    register: did('register', { name: 'm', version: 1 }),
  } as unknown as Training
  return { training, logged }
}

const lake = { changedAt: async () => null, work: { during: <T>(body: () => Promise<T>) => body() } } as never

test('B7: a training that goes on after an edit of the project is refused at every step, and nothing is logged', async () => {
  for (const step of STEPS) {
    const runs = createRuns()
    const first = trainingThatTells()
    const begun = runs.process((flows) => defineTrainBaseline(flows, { ...first, lake, project: ridesProject() }))
    runs.killBefore(step)
    await expect(begun.submit({ model: 'late_ride', asOf: '2024-01-31' })).rejects.toThrow('killed')
    runs.killBefore()
    const second = trainingThatTells()
    const later = runs.process((flows) => defineTrainBaseline(flows, { ...second, lake, project: edited() }))
    await expect(later.go(), step).rejects.toMatchObject(REFUSED)
    expect(second.logged).toEqual([])
    // By the same project it goes on.
    const third = trainingThatTells()
    const same = runs.process((flows) => defineTrainBaseline(flows, { ...third, lake, project: ridesProject() }))
    await same.go()
    expect(third.logged).toEqual(STEPS.slice(STEPS.indexOf(step)))
  }
})

test('B7: a training that goes on with another build is refused at every step after the one that pinned it', async () => {
  for (const step of STEPS.slice(1)) {
    const runs = createRuns()
    const project = ridesProject()
    const begun = runs.process((flows) => defineTrainBaseline(flows, { ...trainingThatTells(), lake, project }))
    runs.killBefore(step)
    await expect(begun.submit({ model: 'late_ride', asOf: '2024-01-31' })).rejects.toThrow('killed')
    runs.killBefore()
    const { training, logged } = trainingThatTells()
    const other = { ...training, requireSameBuild: async () => Promise.reject(new Error('another build')) }
    const later = runs.process((flows) => defineTrainBaseline(flows, { training: other, lake, project }))
    await expect(later.go(), step).rejects.toThrow('another build')
    expect(logged).toEqual([])
  }
})

test('B7: a build is the code, the lock file and the versions; the refusal names what differs and the command', async () => {
  const versions = async () => ({ weir: '1', duckdb: '2' })
  const pinned = { model: 'm', asOf: '2024-01-31T00:00:00.000000Z', code: 'x', lockFile: { digest: 'y' } }
  const other = { ...pinned, versions: { weir: '1', duckdb: '3', node: 'v0', platform: 'p' }, projectCode: 'z' }
  await expect(requireSameBuild({ versions, project: ridesProject() }, other as never)).rejects.toMatchObject({
    code: 'conflict',
    message: expect.stringMatching(
      /another build.*\(the code of Weir, its package-lock.json, the code of the project, the version of duckdb, the version of node, the version of platform\).*weir train m --as-of 2024-01-31$/,
    ),
  })
})

test('B7: ingest and materialize that go on after an edit of the project are refused too', async () => {
  const ingested = createRuns()
  const ingest = { ingestMonth: async () => ({}) } as never
  const begun = ingested.process((flows) => defineIngestMonth(flows, { ingest, project: ridesProject(), ...store }))
  ingested.killBefore('ingest')
  await expect(begun.submit({ asOf: '2024-01-31' })).rejects.toThrow('killed')
  ingested.killBefore()
  const later = ingested.process((flows) => defineIngestMonth(flows, { ingest, project: edited(), ...store }))
  await expect(later.go()).rejects.toMatchObject(REFUSED)

  const runs = createRuns()
  const done: string[] = []
  const features = {
    materializeOne: async (view: string) => {
      done.push(view)
      return { view }
    },
    requireAny: () => {},
  } as never
  const first = runs.process((flows) => defineMaterialize(flows, { features, lake, project: ridesProject() }))
  runs.killBefore('materialize activity')
  await expect(first.submit({})).rejects.toThrow('killed')
  runs.killBefore()
  const project = edited()
  // Also where the edit changed which views there are: the steps are those of the run.
  const fewer = { ...project, featureViews: project.featureViews.slice(1) }
  const second = runs.process((flows) => defineMaterialize(flows, { features, lake, project: fewer }))
  await expect(second.go()).rejects.toMatchObject(REFUSED)
  expect(done).toEqual(['profile'])
  expect(runs.steps()).toEqual(['materialize profile'])
})

test('what begins when, and who is told of what, are no edit that a run is refused for; what it does is one', () => {
  const project = ridesProject()
  const digest = projectDigest(project)
  const rule = { name: 'slow', metric: 'serving.p99_ms' } as Project['alerts'][number]
  const monthly = { name: 'monthly', flow: 'materialize' } as Project['schedules'][number]
  expect(projectDigest({ ...project, alerts: [rule], alertChannels: [{ name: 'log', kind: 'file' }] })).toBe(digest)
  expect(projectDigest({ ...project, schedules: [monthly] })).toBe(digest)
  expect(projectDigest({ ...project, dir: '/elsewhere' })).toBe(digest)
  expect(projectDigest({ ...project, labels: [] })).not.toBe(digest)
})
