import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, it } from 'vitest'
import { PlatformError } from '../../src/base/errors.ts'
import { loadProject } from '../../src/config/load.ts'

const example = fileURLToPath(new URL('../../examples/streamflow', import.meta.url))
const folders: string[] = []
afterEach(() => {
  for (const dir of folders.splice(0)) rmSync(dir, { recursive: true })
})

describe('the reference project', () => {
  it('has the features of the reference project, in their order', async () => {
    const project = await loadProject(example)
    expect(project.featureServices[0]!.features.map((f) => f.feature)).toEqual([
      'months_active',
      'monthly_fee',
      'paperless_billing',
      'plan_stream_tv',
      'plan_stream_movies',
      'net_service',
      'watch_hours_30d',
      'avg_session_mins_7d',
      'unique_devices_30d',
      'skips_7d',
      'rebuffer_events_7d',
      'failed_payments_90d',
      'support_tickets_90d',
      'ticket_avg_resolution_hrs_90d',
    ])
    expect(project.models[0]).toMatchObject({
      name: 'streamflow_churn',
      learner: { trees: 300, classWeight: 'balanced' },
    })
  })
})

describe('a project that is kept as JavaScript', () => {
  const folder = () => {
    const dir = mkdtempSync(join(tmpdir(), 'weir-kept-'))
    folders.push(dir)
    return dir
  }
  const text = (name: string) =>
    readFileSync(join(example, 'weir.config.ts'), 'utf8').replace("name: 'streamflow'", `name: '${name}'`)

  it('is read from there while its file is the same, and anew when the file or what was kept has changed', async () => {
    const [dir, keptIn] = [folder(), folder()]
    const config = join(dir, 'weir.config.ts')
    const nameOf = async () => (await loadProject(dir, { keptIn })).name
    // Beside it, in tests, what it imports of Weir: that is TypeScript too.
    const files = () => readdirSync(keptIn).filter((name) => name.includes('weir.config'))
    const kept = () => join(keptIn, files()[0]!)
    writeFileSync(config, text('one_kept'))
    expect((await loadProject(dir, { keptIn: join(keptIn, 'new') })).name).toBe('one_kept')
    expect(statSync(join(keptIn, 'new')).mode & 0o777).toBe(0o700)
    expect((await loadProject(dir, { keptIn: join(config, 'below a file') })).name).toBe('one_kept')
    expect(await nameOf()).toBe('one_kept')
    const written = readFileSync(kept(), 'utf8')
    // The name as it is kept tells where it was read from; the digest of the source stands at the end.
    writeFileSync(kept(), written.replaceAll('one_kept', 'of_what_was_kept'))
    expect(await nameOf()).toBe('of_what_was_kept')
    writeFileSync(config, text('second'))
    expect(await nameOf()).toBe('second')
    writeFileSync(kept(), readFileSync(kept(), 'utf8').slice(0, -40))
    expect(await nameOf()).toBe('second')
    expect(files()).toHaveLength(1)
  })
})

describe('a project with faults', () => {
  it('refuses rules that do not fit the type of their column', async () => {
    const error = await refusalOf(`export default {
      name: 'p',
      sources: { users: { key: 'id', columns: {
        id: { type: 'String', checks: [{ rule: 'range', min: 0 }, { rule: 'pattern', pattern: '(' }] },
        age: { type: 'Int64', checks: [{ rule: 'pattern', pattern: 'a' }, { rule: 'allowed', values: [1, 'two'] }] },
        flag: { type: 'Bool', checks: [{ rule: 'null_only_when', column: 'age', values: ['No'] }] },
      } } },
      entities: { user: { joinKeys: { id: 'String' } } },
    }`)
    const at = 'sources.users.columns'
    expect(error.details.faults).toEqual([
      { path: `${at}.id.checks.0.rule`, message: "a range is for numbers, and 'id' is String" },
      { path: `${at}.id.checks.1.pattern`, message: "'(' is not a regular expression" },
      { path: `${at}.age.checks.0.rule`, message: "a pattern is for String, and 'age' is Int64" },
      { path: `${at}.age.checks.1.values`, message: `"two" is not a value of 'age', which is Int64` },
      { path: `${at}.flag.checks.0.values`, message: `"No" is not a value of 'age', which is Int64` },
    ])
  })

  it('refuses names that cannot be columns, a feature listed twice, and what does not work yet', async () => {
    const long = 'x'.repeat(64)
    const error = await refusalOf(`export default {
      name: 'p',
      sources: { users: { kind: 'changes', key: 'user_id', columns: { user_id: 'String', age: 'Int64' } } },
      entities: { user: { joinKeys: { user_id: 'String' } } },
      featureViews: { v: { entity: 'user', source: 'users', features: {
        age: 'Int64', created: { type: 'Int64', column: 'age' }, ${long}: { type: 'Int64', column: 'age' } } } },
      featureServices: { s: ['v:age', 'v:age'] },
    }`)
    expect(error.details.faults).toEqual([
      { path: 'sources.users.eventTime', message: 'name the column with the time of each row' },
      { path: 'featureViews.v.features.created', message: 'this name is taken by Weir; choose another' },
      { path: `featureViews.v.features.${long}`, message: "a feature's name has 1 to 63 bytes; this one has 64" },
      {
        path: 'featureServices.s',
        message: "feature 'age' is listed more than once; write fullNames: true, or leave one out",
      },
    ])
  })

  it('reports every misspelt name at once, with its path and a suggestion', async () => {
    const error = await refusalOf(`export default {
      name: 'p',
      sources: { users: { key: 'user_idd', columns: { user_id: 'String', age: 'Int64' } } },
      entities: { user: { joinKeys: { user_id: 'String' } } },
      featureViews: { v: { entity: 'usr', source: 'user', features: { agee: 'Int64' } }, w: { entity: 'user', source: 'users', features: { aeg: 'Int64' } } },
      featureServices: { s: ['vv'] },
      labels: { l: { entity: 'user', source: 'users', column: 'left' } },
      models: { m: { experiment: 'e', features: 'ss', label: 'l', learner: { kind: 'random_forest' } } },
    }`)
    expect(error.details.faults).toEqual([
      { path: 'sources.users.key', message: "there is no column 'user_idd'; did you mean 'user_id'?" },
      { path: 'featureViews.v.source', message: "there is no source 'user'; did you mean 'users'?" },
      { path: 'featureViews.v.entity', message: "there is no entity 'usr'; did you mean 'user'?" },
      { path: 'featureViews.w.features.aeg', message: "there is no column of users 'aeg'; did you mean 'age'?" },
      { path: 'featureServices.s.0', message: "there is no feature view 'vv'; did you mean 'v'?" },
      { path: 'labels.l.column', message: "there is no column of users 'left'; there are user_id, age" },
      { path: 'models.m.features', message: "there is no feature service 'ss'; did you mean 's'?" },
    ])
  })

  it('names unknown properties and values with what was meant', async () => {
    const error = await refusalOf(`export default {
      name: 'p',
      sorces: {},
      sources: { users: { key: 'id', colums: {}, columns: { id: { type: 'Strin' } }, publishDelay: 'soon' } },
      entities: {},
    }`)
    const text = error.message
    expect(text).toContain("sorces: is not a known property; did you mean 'sources'?")
    expect(text).toContain("sources.users.colums: is not a known property; did you mean 'columns'?")
    expect(text).toContain('sources.users.publishDelay: write a duration like 45d')
    expect(text).toContain('sources.users.columns.id')
  })

  it('refuses a label among the features', async () => {
    const error = await refusalOf(`export default {
      name: 'p',
      sources: { t: { key: 'id', columns: { id: 'String', y: 'Bool' } } },
      entities: { e: { joinKeys: { id: 'String' } } },
      featureViews: { v: { entity: 'e', source: 't', features: { leak: { type: 'Bool', column: 'y' } } } },
      featureServices: { s: ['v'] },
      labels: { l: { entity: 'e', source: 't', column: 'y' } },
      models: { m: { experiment: 'x', features: 's', label: 'l', learner: { kind: 'random_forest' } } },
    }`)
    expect(error.message).toContain('a label is never a feature')
  })

  it.each([
    ['a syntax error', 'export default {', 'cannot be loaded'],
    ['a module that throws', "throw new Error('boom')", 'boom'],
    ['no default export', 'export const x = 1', 'no default export'],
  ])('says so for %s', async (_what, text, expected) => {
    expect((await refusalOf(text)).message).toContain(expected)
  })

  it('says how to make one where there is none', async () => {
    await expect(loadProject(tmpdir())).rejects.toThrow(/weir init DIR/)
  })
})

async function refusalOf(text: string): Promise<PlatformError> {
  const dir = mkdtempSync(join(tmpdir(), 'weir-config-'))
  folders.push(dir)
  writeFileSync(join(dir, 'weir.config.ts'), text)
  const error = await loadProject(dir).then(
    () => undefined,
    (e: unknown) => e,
  )
  expect(error).toBeInstanceOf(PlatformError)
  return error as PlatformError
}
