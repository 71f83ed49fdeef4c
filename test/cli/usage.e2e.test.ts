import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openPlace } from '../e2e/weir.ts'

let place: Awaited<ReturnType<typeof openPlace>>
let project: string

beforeAll(async () => {
  place = await openPlace()
  project = await place.project()
})
afterAll(() => place.end())

const COMMANDS = [
  ...[
    'demo',
    'init',
    'check',
    'doctor',
    'adopt',
    'up',
    'serve',
    'worker',
    'ingest',
    'snapshots',
    'materialize',
    'features',
  ],
  ...['dataset', 'train', 'gc', 'runs', 'models', 'promote', 'predict', 'score', 'explain'],
]

describe('help', () => {
  test('lists every command', async () => {
    const { stdout } = await place.run('--help')
    for (const name of COMMANDS) expect(stdout).toMatch(new RegExp(`^  ${name} `, 'm'))
  })

  test('of each command has its options and an example', async () => {
    for (const name of COMMANDS) {
      const { stdout } = await place.run(name, '--help')
      expect(stdout).toContain(`Usage: weir ${name}`)
      expect(stdout).toMatch(new RegExp(`Example:\n  \\$ npx weir ${name}`))
      expect(stdout).toContain('--json')
    }
  })
})

describe('wrong usage is exit 2, with a word on stderr and nothing on stdout', () => {
  test.each<[string[], RegExp]>([
    [['trian'], /unknown command 'trian'[\s\S]*Did you mean train/],
    [['models', '--jason'], /unknown option '--jason'[\s\S]*--json/],
    [['train', '--as-of', '2024-01-31'], /missing required argument 'model'/],
    [['train', 'm'], /required option '--as-of <date>' not specified/],
    [['train', 'm', '--as-of', '2024-13-01'], /'2024-13-01'/],
    [['train', 'm', '--as-of', '2024-01-31', '--mode', 'guess'], /Allowed choices are restated, served/],
    [['promote', 'm', 'two', '--stage', 'Production'], /write a version number/],
    [['promote', 'm', '1', '--stage', 'production'], /Allowed choices are None, Staging, Production, Archived/],
    [['runs', '--limit', '0'], /a whole number from 1 to 10000/],
    [['check', 'more'], /too many arguments/],
    [[], /Usage: weir/],
  ])('weir %j', async (args, says) => {
    const { exit, stdout, stderr } = await place.start(...args).ended
    expect({ exit, stdout }).toEqual({ exit: 2, stdout: '' })
    expect(stderr).toMatch(says)
  })
})

describe('a failure is exit 1 and says what, where, what to do', () => {
  test.each<[string[], RegExp]>([
    [['check', '--project', '/nowhere'], /there is no weir\.config\.ts in \/nowhere.*weir init DIR/],
    [['check', '--port', 'x'], /unknown option/],
  ])('weir %j', async (args, says) => {
    expect((await place.start(...args).ended).stderr).toMatch(says)
  })

  test('of a wrong setting, by its flag and its environment name', async () => {
    const { exit, stderr } = await place.start('serve', '--port', '70000', '--project', project).ended
    expect(exit).toBe(1)
    expect(stderr).toContain("--port (WEIR_PORT): '70000' is not a whole number from 0 to 65535")
  })

  test('of a project, with all its faults at once; with --json as one document on stdout', async () => {
    const folder = join(place.dir, 'broken')
    await mkdir(folder)
    await writeFile(
      join(folder, 'weir.config.ts'),
      `export default { name: 'p', sources: { users: { key: 'idd', columns: { id: 'String' } } },
        entities: { user: { joinKeys: { id: 'Strng' } } },
        featureViews: { v: { entity: 'user', source: 'users', features: { n: { type: 'Int64', sql: 'lenght(id)' } } } } }`,
    )
    const said = await place.start('check', '--project', folder).ended
    expect(said).toMatchObject({ exit: 1, stdout: '' })
    expect(said.stderr).toContain("'Strng' is not allowed; did you mean 'String'?")
    expect(said.stderr).toContain("sources.users.key: there is no column 'idd'; did you mean 'id'?")
    expect(said.stderr).toContain('featureViews.v.features.n.sql: ')
    expect(said.stderr).toContain('has 3 faults:')
    const { exit, stdout } = await place.start('check', '--project', folder, '--json').ended
    expect(exit).toBe(1)
    expect(JSON.parse(stdout)).toMatchObject({
      error: {
        code: 'config_invalid',
        faults: [{ path: 'entities.user.joinKeys.id' }, { path: 'sources.users.key' }, {}],
      },
    })
  })

  test('init never overwrites: a project is refused, and a file that is there is kept', async () => {
    const { exit, stderr } = await place.start('init', project).ended
    expect(exit).toBe(1)
    expect(stderr).toContain('has a weir.config.ts already, so it is a project; name another folder')

    const folder = join(place.dir, 'with files')
    await mkdir(folder)
    const mine = { 'package.json': '{"name":"mine","dependencies":{}}', '.gitignore': 'mine', 'README.md': 'mine' }
    for (const [name, text] of Object.entries(mine)) await writeFile(join(folder, name), text)
    const { stdout } = await place.run('init', folder, '--json')
    expect(JSON.parse(stdout)).toMatchObject({
      written: ['weir.config.ts', 'tsconfig.json'],
      kept: ['package.json', '.gitignore', 'README.md'],
    })
    for (const [name, text] of Object.entries(mine)) expect(await readFile(join(folder, name), 'utf8')).toBe(text)
  })
})

test('check says what was understood, for people and for programs', async () => {
  const { stdout } = await place.run('check', '--project', project)
  expect(stdout).toMatch(/^usage_agg_30d_fv +user +usage_agg_30d +none$/m)
  expect(stdout).toMatch(/^watch_hours_30d +Float32 +usage_agg_30d_fv$/m)
  const json = JSON.parse((await place.run('check', '--project', project, '--json')).stdout)
  expect(json.sources.map((s: { name: string }) => s.name)).toContain('payments_agg_90d')
})

test('--version', async () => {
  expect((await place.run('--version')).stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
})
