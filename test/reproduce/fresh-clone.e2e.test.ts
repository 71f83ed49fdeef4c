import { execFileSync } from 'node:child_process'
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openPlace } from '../e2e/weir.ts'
import { describeWith } from '../helpers/needs.ts'
import { copyDatabase, type EmptyDatabase, emptyDatabase } from '../helpers/pg.ts'
import { inPath } from '../helpers/programs.ts'

/**
 * Two projects in one repository, each with a home of its own, trained by processes; and then what somebody does who has
 * the commit, the database (the same, or a restored copy) and the objects.
 */
const gitMissing = inPath('git') === '' ? { what: 'git is not in PATH' } : undefined
const ROWS = 240
const AS_OF = '2024-01-31'

const config = (name: string, trees: number) => `
import { defineProject } from 'weir'
import { perMonth } from '../shared/per-month.ts'
export default defineProject({
  name: '${name}',
  sources: { bills: { key: 'id', columns: { id: 'String', sum: 'Float64', months: 'Int64', gone: 'Bool' } } },
  entities: { customer: { joinKeys: { id: 'String' } } },
  featureViews: { bill: { entity: 'customer', source: 'bills', features: { sum: 'Float64', months: 'Int64' } } },
  onDemandViews: {
    rates: { inputs: ['bill:sum', 'bill:months'], features: { rate: 'Float64' }, compute: (row) => ({ rate: perMonth(row.sum, row.months) }) },
  },
  featureServices: { bill_rates: ['bill', 'rates'] },
  labels: { gone: { source: 'bills', column: 'gone', entity: 'customer' } },
  models: { churn: { experiment: 'churn', features: 'bill_rates', label: 'gone', learner: { kind: 'random_forest', trees: ${trees} } } },
})
`

const HELPER = 'export const perMonth = (sum: number, months: number): number => sum / Math.max(1, months)\n'

type Place = Awaited<ReturnType<typeof openPlace>>

const git = (dir: string, ...args: string[]) =>
  execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@b', ...args], { cwd: dir, encoding: 'utf8' })

describeWith('a run that is trained again in a fresh clone', gitMissing, () => {
  let dir: string
  const databases: EmptyDatabase[] = []
  const places: Place[] = []
  /** Of each project, the home in which it was trained first. */
  const origins: Place[] = []
  const runs: string[] = []
  const repo = (which: 'origin' | 'clone', n: number) => ['--project', join(dir, which, `p${n}`)]
  const objects = (n: number) => join(dir, `objects-${n}`)

  /** A folder with a home of its own, and a database and objects that others may use too. */
  async function home(database: EmptyDatabase, store: string): Promise<Place> {
    const place = await openPlace({ DATABASE_URL: database.url, WEIR_OBJECTS: store })
    places.push(place)
    return place
  }
  async function reproduced(place: Place, n: number, name: string) {
    const { exit, stdout, stderr } = await place.start('reproduce', name, '--json', ...repo('clone', n)).ended
    return { exit, stderr, found: stdout === '' ? {} : JSON.parse(stdout) }
  }

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'weir-clone-'))
    const origin = join(dir, 'origin')
    await mkdir(join(origin, 'shared'), { recursive: true })
    await writeFile(join(origin, 'shared', 'per-month.ts'), HELPER)
    for (const n of [0, 1]) {
      databases.push(await emptyDatabase())
      await mkdir(join(origin, `p${n}`, 'data'), { recursive: true })
      await writeFile(join(origin, `p${n}`, 'weir.config.ts'), config(`project_${n}`, 5 + n))
      await writeFile(join(origin, `p${n}`, 'data', 'bills.csv'), bills(n))
    }
    git(origin, 'init', '-q')
    git(origin, 'add', '.')
    git(origin, 'commit', '-q', '-m', 'both')
    await Promise.all([0, 1].map(trained))
    git(dir, 'clone', '-q', origin, 'clone')
  }, 120_000)
  afterAll(async () => {
    for (const place of places) await place.end()
    for (const database of databases) await database.drop()
    await rm(dir, { recursive: true, force: true })
  })

  async function trained(n: number): Promise<void> {
    const place = await home(databases[n]!, objects(n))
    origins[n] = place
    await place.run('ingest', join(dir, 'origin', `p${n}`, 'data'), '--as-of', AS_OF, ...repo('origin', n))
    const { stdout } = await place.run('train', 'churn', '--as-of', AS_OF, '--json', ...repo('origin', n))
    runs[n] = (JSON.parse(stdout) as { runId: string }).runId
  }

  it('comes to the same in another folder and another home, by version and by run, of both projects, while one of them trains', async () => {
    const training = origins[0]!.start('train', 'churn', '--as-of', AS_OF, ...repo('origin', 0))
    const [first, second] = await Promise.all([
      reproduced(await home(databases[0]!, objects(0)), 0, 'churn/1'),
      reproduced(await home(databases[1]!, objects(1)), 1, runs[1]!),
    ])
    const same = { verdict: 'same', because: [], although: [], files: [] }
    expect(first, first.stderr).toMatchObject({ exit: 0, found: same })
    expect(second, second.stderr).toMatchObject({ exit: 0, found: same })
    const commit = git(join(dir, 'clone'), 'rev-parse', 'HEAD').trim()
    const clean = { kind: 'git', commit, dirty: false }
    expect(first.found.git).toMatchObject({ recorded: clean, now: clean })
    const told = await training.ended
    expect(told.exit, told.stderr).toBe(0)
  }, 60_000)

  it('comes to the same from a restored copy of database and objects, once they are adopted', async () => {
    const copy = await copyDatabase(databases[1]!.url)
    databases.push(copy)
    const store = join(dir, 'objects-copy')
    await cp(objects(1), store, { recursive: true })
    const place = await home(copy, store)
    await place.run('adopt', '--objects', store, ...repo('clone', 1))
    const { exit, stderr, found } = await reproduced(place, 1, 'churn/1')
    expect(exit, stderr).toBe(0)
    expect(found).toMatchObject({ verdict: 'same', because: [] })
  }, 60_000)

  it('names the file that an on-demand function imports where it is another, and shows how; a run of another home is not found', async () => {
    await writeFile(join(dir, 'clone', 'shared', 'per-month.ts'), HELPER.replace('max(1', 'max(2'))
    const place = await home(databases[0]!, objects(0))
    const [{ exit, stderr, found }, other] = await Promise.all([
      reproduced(place, 0, 'churn/1'),
      reproduced(place, 0, runs[1]!),
    ])
    expect(exit, stderr).toBe(3)
    expect(found).toMatchObject({ verdict: 'other_code', git: { recorded: { dirty: false }, now: { dirty: true } } })
    expect(found.because).toContain('files of the project: ../shared/per-month.ts (changed)')
    expect(found.files).toEqual([{ path: '../shared/per-month.ts', what: 'changed', diff: expect.any(String) }])
    expect(found.files[0].diff).toMatch(/^-.*max\(1, months\)\n\+.*max\(2, months\)$/m)
    expect(other.exit).toBe(1)
    expect(JSON.stringify(other.found)).toContain(`Run with id=${runs[1]} not found`)
  }, 60_000)
})

function bills(n: number): string {
  const rows = Array.from({ length: ROWS }, (_, i) => {
    const [sum, months] = [(i * 7919 * (n + 1)) % 1000, i % 24]
    return `c${i},${sum}.5,${months},${sum / Math.max(1, months) > 40}\n`
  })
  return `id,sum,months,gone\n${rows.join('')}`
}
