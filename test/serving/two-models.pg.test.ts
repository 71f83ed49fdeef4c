import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Command } from 'commander'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { messageOf } from '../../src/base/errors.ts'
import { define } from '../../src/cli/commands/check.ts'
import { defaultModelOf, requireDefaultModel } from '../../src/config/find.ts'
import { ridesProject } from '../features/rides.ts'
import { openServerRig } from './rig.ts'

const NAMES = ['late_ride', 'tipped_ride']

describe('a project with two models and no defaultModel', () => {
  let rig: Awaited<ReturnType<typeof openServerRig>>
  beforeAll(async () => {
    rig = await openServerRig({ change: () => ridesProject() })
  })
  afterAll(() => rig.close())

  test.each([
    ['/predict', { person: 1 }],
    ['/predict/batch', { persons: [1] }],
  ])('POST %s is refused with the models and the routes to use', async (path, body) => {
    const answer = await rig.post(path, body)
    expect(answer).toMatchObject({ status: 400, body: { error: 'invalid_argument' } })
    for (const name of NAMES) expect(answer.body.detail).toContain(`POST /models/${name}${path}`)
    expect(answer.body.detail).toContain('name one as defaultModel in weir.config.ts')
  })

  test('GET /features/{key} too', async () => {
    const answer = await rig.get('/features/1')
    expect(answer).toMatchObject({ status: 400, body: { error: 'invalid_argument' } })
    for (const name of NAMES) expect(answer.body.detail).toContain(`GET /models/${name}/features/{key}`)
  })

  test('each model answers by its name, with its own features and its own keys', async () => {
    for (const [name, key, features] of [
      ['late_ride', '1', ['profile__age', 'profile__city']],
      ['tipped_ride', '{"person":1,"driver":2,"rider":3}', ['driver__age', 'rider__steps']],
    ] as const) {
      const answer = await rig.get(`/models/${name}/features/${encodeURIComponent(key)}`)
      expect(answer).toMatchObject({ status: 503, body: { error: 'unavailable' } })
      expect(answer.body.missing_features).toEqual(expect.arrayContaining([...features]))
      const body = name === 'late_ride' ? { person: 1 } : JSON.parse(key)
      expect((await rig.post(`/models/${name}/predict`, body)).body.detail).toContain('not materialized')
    }
    expect((await rig.get('/models/tipped_ride/features/1')).body.detail).toContain('the key has the parts')
    expect(await rig.get('/models/lat_ride/features/1')).toMatchObject({
      status: 404,
      body: { detail: expect.stringContaining("did you mean 'late_ride'") },
    })
  })

  test('the document has the routes of both, and none without a name', async () => {
    const document = await rig.get('/openapi.json')
    const routes = document.body.paths as Record<string, object>
    const paths = Object.keys(routes)
    // GET /predict tells which models there are.
    const unnamed = paths.filter((path) => /^\/(predict(\/|$)|features\/)/.test(path))
    expect(unnamed.map((path) => [path, Object.keys(routes[path]!)])).toEqual([['/predict', ['get']]])
    for (const name of NAMES) {
      const own = ['predict', 'predict/batch', 'invocations', 'features/{key}'].map((p) => `/models/${name}/${p}`)
      expect(paths).toEqual(expect.arrayContaining(own))
    }
  })

  test('no value of the demo is in it: examples are those of the project, or none', async () => {
    const { text } = await rig.get('/openapi.json')
    expect(text).not.toMatch(/7590|streamflow|subs_profile|DSL|29\.85|month_000|months_active|monthly/i)
    expect(text).toContain('"examples":["late_ride"]')
  })
})

test('the default is the model that the project names, else the only one, else none', () => {
  const two = ridesProject()
  const [first, second] = two.models
  expect(defaultModelOf(two)).toBeUndefined()
  expect(defaultModelOf({ ...two, defaultModel: 'tipped_ride' })).toBe(second)
  expect(defaultModelOf({ ...two, models: [first!] })).toBe(first)
  expect(() => requireDefaultModel(two, (name) => `weir predict ${name} KEY`)).toThrow(
    'use weir predict late_ride KEY or weir predict tipped_ride KEY, or name one as defaultModel in weir.config.ts',
  )
  expect(() => requireDefaultModel({ ...two, models: [] }, String)).toThrow('the project has no model')
})

describe('weir check', () => {
  const checked = async (text: string) => {
    const dir = await mkdtemp(join(tmpdir(), 'weir-default-'))
    const said: string[] = []
    const [out, err] = [process.stdout.write, process.stderr.write]
    const hear = (chunk: unknown) => said.push(String(chunk)) > 0
    Object.assign(process.stdout, { write: hear })
    Object.assign(process.stderr, { write: hear })
    try {
      await writeFile(join(dir, 'weir.config.ts'), text)
      const command = new Command('check').exitOverride()
      define(command)
      const exit = await command.parseAsync(['--project', dir], { from: 'user' }).then(
        () => 0,
        (error: unknown) => said.push(messageOf(error)) && 1,
      )
      return { exit, said: said.join('') }
    } finally {
      Object.assign(process.stdout, { write: out })
      Object.assign(process.stderr, { write: err })
      await rm(dir, { recursive: true })
    }
  }
  const project = (models: string[], more = '') => `export default {
    name: 'p',
    sources: { s: { key: 'id', columns: { id: 'String', x: 'Int64', y: 'Bool' } } },
    entities: { e: { joinKeys: { id: 'String' } } },
    featureViews: { v: { entity: 'e', source: 's', features: { x: 'Int64' } } },
    featureServices: { f: ['v'] },
    labels: { y: { entity: 'e', source: 's', column: 'y' } },
    models: { ${models.map((m) => `${m}: { experiment: 'x', features: 'f', label: 'y', learner: { kind: 'random_forest' } }`).join(', ')} },
    ${more}
  }`

  test.each([
    [['a'], '', 0, 'default model: a (the only one)'],
    [['a', 'b'], "defaultModel: 'b',", 0, 'default model: b'],
    [['a', 'b'], '', 0, 'default model: none; predictions and features name one of these'],
    [['a', 'bee'], "defaultModel: 'be',", 1, "defaultModel: there is no model 'be'; did you mean 'bee'?"],
  ])('of the models %s with %s ends with %d and says: %s', async (models, more, exit, says) => {
    expect(await checked(project(models, more))).toEqual({ exit, said: expect.stringContaining(says) })
  })
})
