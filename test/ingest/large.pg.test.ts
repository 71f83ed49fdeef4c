import { readdirSync } from 'node:fs'
import { appendFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createDuck } from '../../src/lake/duck.ts'
import { FEBRUARY, findingsOf, JANUARY, openRig, usersOf } from './rig.ts'

/** Twelve columns, as a table more than the limit that one of the two is given. */
const ROWS = 300_000
const MB = 2 ** 20
const NUMBERS = Array.from({ length: 9 }, (_, i) => `x${i}`)
const project = usersOf({
  age: { type: 'Int64', checks: [{ rule: 'required' }, { rule: 'range', min: 0 }] },
  ...Object.fromEntries(NUMBERS.map((name) => [name, 'Float64'])),
  note: { type: 'String', checks: [{ rule: 'pattern', pattern: '^note' }] },
})

test('the rows of a large file are never in our own memory, spill when DuckDB has too little, and give the same bytes', async () => {
  const small = await openRig({ threads: 2, memoryLimit: '110MB' })
  const plain = await openRig({ threads: 1 })
  try {
    const dir = await small.folder({})
    await writeLarge(join(dir, 'users.csv'))
    const scratch = join(small.dir, 'objects', '.scratch')
    const before = process.memoryUsage()
    const [report, peak] = await withPeak(scratch, () => small.ingest(project).ingestMonth({ dir, asOf: JANUARY }))
    expect(report.sources[0]).toMatchObject({ outcome: 'accepted', rows: ROWS })
    expect(peak.rss - before.rss).toBeLessThan(400 * MB)
    expect(peak.heapUsed - before.heapUsed).toBeLessThan(50 * MB)
    expect(peak.spilledFiles).toBeGreaterThan(0)
    expect((await stat(scratch)).mode & 0o777).toBe(0o700)

    const other = await plain.ingest(project).ingestMonth({ dir, asOf: JANUARY })
    expect(other.sources[0]?.digest).toBe(report.sources[0]?.digest)

    // A fault at the very end is found with its line: the header, and a line end within quotes every thousand rows.
    await appendFile(join(dir, 'users.csv'), `k0,-1,${NUMBERS.map(() => '').join(',')},note\n`)
    const found = await findingsOf(small.ingest(project).ingestMonth({ dir, asOf: FEBRUARY }))
    const line = ROWS + ROWS / 1000 + 2
    expect(found.map((f) => [f.rule, f.examples[0]?.line])).toEqual([
      ['range', line],
      ['one_row_per_key', line],
    ])
  } finally {
    await small.close()
    await plain.close()
  }
})

/** By a DuckDB of its own, so that the rows were never in our memory. */
async function writeLarge(path: string): Promise<void> {
  const duck = await createDuck()
  const numbers = NUMBERS.map((name, i) => `round(random() * ${i + 1}, 6) AS ${name}`)
  await duck.run(
    `COPY (SELECT 'k' || range AS user_id, range % 90 AS age, ${numbers.join(', ')},
             'note ' || range || CASE WHEN range % 1000 = 7 THEN chr(10) ELSE '' END AS note
           FROM range(${ROWS})) TO '${path}' (FORMAT csv, HEADER)`,
  )
  duck.close()
}

async function withPeak<T>(scratch: string, body: () => Promise<T>) {
  const peak = { rss: 0, heapUsed: 0, spilledFiles: 0 }
  const timer = setInterval(() => {
    const { rss, heapUsed } = process.memoryUsage()
    peak.rss = Math.max(peak.rss, rss)
    peak.heapUsed = Math.max(peak.heapUsed, heapUsed)
    for (const name of readdirSync(scratch).filter((n) => n.startsWith('duckdb-'))) {
      peak.spilledFiles = Math.max(peak.spilledFiles, readdirSync(join(scratch, name)).length)
    }
  }, 10)
  try {
    return [await body(), peak] as const
  } finally {
    clearInterval(timer)
  }
}
