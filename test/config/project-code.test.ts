import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { loadProject } from '../../src/config/load.ts'

const folders: string[] = []
afterEach(() => {
  for (const dir of folders.splice(0)) rmSync(dir, { recursive: true })
})

const CONFIG = `
import { defineProject } from 'weir'
import { readFileSync } from 'node:fs'
import { perMonth } from './lib/per-month.js'
import type { Unused } from './types'
void readFileSync
export default defineProject({
  name: 'own_code',
  sources: { bills: { key: 'id', columns: { id: 'String', sum: 'Float64', months: 'Int64', gone: 'Bool' } } },
  entities: { customer: { joinKeys: { id: 'String' } } },
  featureViews: { bill: { entity: 'customer', source: 'bills', features: { sum: 'Float64', months: 'Int64' } } },
  onDemandViews: { rates: { inputs: ['bill:sum', 'bill:months'], features: { rate: 'Float64' }, compute: (row) => ({ rate: perMonth(row.sum, row.months) }) } },
  featureServices: { f: ['bill', 'rates'] },
  labels: { gone: { source: 'bills', column: 'gone', entity: 'customer' } },
  models: { churn: { experiment: 'churn', features: 'f', label: 'gone', learner: { kind: 'random_forest', trees: 3 } } },
})
`

/** A project in `app/` of a folder that has more than it. */
function project(files: Record<string, string> = {}): { dir: string; write: (path: string, text: string) => void } {
  const top = mkdtempSync(join(tmpdir(), 'weir-code-'))
  folders.push(top)
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(top, path)), { recursive: true })
    writeFileSync(join(top, path), text)
  }
  const all = {
    'app/weir.config.ts': CONFIG,
    'app/types.ts': 'export type Unused = string',
    'app/lib/per-month.js':
      "import { least } from './least'\nimport factors from './factors.json'\nimport { twice } from '../../shared/twice.ts'\nexport const perMonth = (sum, months) => twice(sum) / least(months) / factors.one\n",
    'app/lib/least.ts': 'export const least = (n: number): number => Math.max(1, n)\n',
    'app/lib/factors.json': '{"one":2}',
    'app/lib/other.ts': 'export const nobody = 1\n',
    'shared/twice.ts': "export const twice = (n: number) => 2 * n\nexport const later = () => import('./later.ts')\n",
    'shared/later.ts': 'export {}\n',
    ...files,
  }
  for (const [path, text] of Object.entries(all)) write(path, text)
  return { dir: join(top, 'app'), write }
}

const codeOf = async (dir: string) => (await loadProject(dir)).onDemandViews[0]!.code

it('the code of a project is its file with all that it imports, wherever that lies, and not Weir, types or Node itself', async () => {
  const { dir } = project()
  const { code } = await loadProject(dir)
  expect(code.files.map(({ path }) => path)).toEqual([
    '../shared/later.ts',
    '../shared/twice.ts',
    'lib/factors.json',
    'lib/least.ts',
    'lib/per-month.js',
    'weir.config.ts',
  ])
  expect(code.packages).toEqual([])
  expect(code.files.find(({ path }) => path === 'lib/least.ts')?.text).toContain('Math.max')
  expect((await loadProject(project().dir)).code).toEqual(code)
})

it('what an on-demand function imports is a part of its digest, at any depth, and a file that it does not import is none', async () => {
  const { dir, write } = project()
  const seen = new Set([await codeOf(dir)])
  write('app/lib/other.ts', 'export const nobody = 2\n')
  expect(seen).toContain(await codeOf(dir))
  for (const [path, text] of [
    ['app/lib/least.ts', 'export const least = (n: number): number => Math.max(2, n)\n'],
    ['app/lib/factors.json', '{"one":3}'],
    ['shared/twice.ts', 'export const twice = (n: number) => 3 * n\n'],
  ] as const) {
    write(path, text)
    const code = await codeOf(dir)
    expect(seen, path).not.toContain(code)
    seen.add(code)
  }
})

it('packages that it uses, and those that they use, are told by name, version and integrity from the lock file', async () => {
  const lock = (integrity: string) =>
    JSON.stringify({
      lockfileVersion: 3,
      packages: {
        '': { dependencies: { rates: '1.0.0' } },
        'node_modules/rates': { version: '1.0.0', integrity: 'sha512-a', dependencies: { deep: '*', absent: '*' } },
        'node_modules/deep': { version: '1.5.0', integrity: 'sha512-wrong-one' },
        'node_modules/rates/node_modules/deep': { version: '2.0.0', integrity, dependencies: { rates: '*' } },
        'node_modules/unused': { version: '9.0.0', integrity: 'sha512-u' },
      },
    })
  const { dir, write } = project({
    'app/lib/least.ts': "import rates from 'rates/sub.js'\nexport const least = (n: number): number => rates.of(n)\n",
    'app/node_modules/rates/package.json': '{"name":"rates","version":"1.0.0"}',
    'app/node_modules/rates/sub.js': 'exports.of = (n) => n\n',
  })
  expect((await loadProject(dir)).code.packages).toEqual([{ name: 'rates', version: '1.0.0', integrity: null }])
  write('app/package-lock.json', lock('sha512-b'))
  const { code } = await loadProject(dir)
  expect(code.lockFile?.name).toBe('package-lock.json')
  expect(code.packages).toEqual([
    { name: 'rates', version: '1.0.0', integrity: 'sha512-a' },
    { name: 'deep', version: '2.0.0', integrity: 'sha512-b' },
  ])
  const before = await codeOf(dir)
  write('app/package-lock.json', lock('sha512-c'))
  expect(await codeOf(dir)).not.toBe(before)
})
