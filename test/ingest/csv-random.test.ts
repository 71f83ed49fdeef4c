import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createPrng } from '../../src/base/prng.ts'
import type { Source } from '../../src/config/project.ts'
import { USUAL_FORMAT } from '../../src/config/usual-format.ts'
import { checkStructure, linesOfRows } from '../../src/ingest/structure.ts'
import { createDuck, type Duck } from '../../src/lake/duck.ts'
import { loadOne } from '../helpers/load-one.ts'

/**
 * Random files of which we know by construction what is in them: every value, and the line on which every row and
 * every broken record begins. WEIR_FUZZ_SEED picks the first of them; a failure names its own.
 */
const FIRST_SEED = Number(process.env.WEIR_FUZZ_SEED ?? 1)
const FILES = 200

let duck: Duck
let dir: string
beforeAll(async () => {
  duck = await createDuck({ threads: 2 })
  dir = await mkdtemp(join(tmpdir(), 'weir-csv-'))
})
afterAll(async () => {
  duck.close()
  await rm(dir, { recursive: true, force: true })
})

test('values, rows and lines of random files are what was written', async () => {
  for (let seed = FIRST_SEED; seed < FIRST_SEED + FILES; seed++) {
    const file = randomFile(seed)
    expect({ seed, ...(await readBack(file, seed)) }).toEqual({ seed, rows: file.rows, broken: file.broken })
  }
})

type RandomFile = {
  text: Buffer
  columns: number
  rows: { line: number; values: (string | null)[] }[]
  /** Line and rule of each record that is no row, by rule; only the first five of a rule are told. */
  broken: Record<string, number[]>
}

const PIECES = ['a', 'b7', ' ', ',', '"', '""', '\n', '\r\n', '\r', 'é', '😀', ';', "'", '#', '\\', '\t']
const BROKEN = ['too_few_fields', 'too_many_fields', 'quotes', 'encoding'] as const

function randomFile(seed: number): RandomFile {
  const rng = createPrng(seed)
  const pick = <T>(list: readonly T[]): T => list[rng.int(list.length)]!
  const columns = 1 + rng.int(4)
  const end = pick(['\n', '\r\n'])
  const damage = rng.int(3) === 0
  const parts: Buffer[] = []
  let line = 1
  const write = (bytes: Buffer) => {
    parts.push(bytes)
    line += bytes.toString('latin1').match(/\r\n|\n|\r/g)?.length ?? 0
  }
  const value = () => (rng.int(6) === 0 ? null : Array.from({ length: rng.int(5) }, () => pick(PIECES)).join(''))
  const record = (values: (string | null)[]) =>
    Buffer.from(values.map((v) => field(v, rng.int(2) === 0)).join(',') + end)
  const file: RandomFile = { text: Buffer.alloc(0), columns, rows: [], broken: {} }

  write(Buffer.from(Array.from({ length: columns }, (_, i) => `c${i}`).join(',') + end))
  for (let n = rng.int(30); n > 0; n--) {
    if (columns > 1 && rng.int(8) === 0) write(Buffer.from(end))
    if (damage && columns > 1 && rng.int(4) === 0) {
      const rule = pick(BROKEN)
      const lines = file.broken[rule] ?? []
      file.broken[rule] = [...lines, line].slice(0, 5)
      write(Buffer.concat([brokenRecord(rule, columns), Buffer.from(end)]))
    } else {
      const values = Array.from({ length: columns }, value)
      file.rows.push({ line, values })
      write(record(values))
    }
  }
  file.text = Buffer.concat(parts)
  return file
}

/** Quoted where it must be, and sometimes where it need not. A null is nothing at all. */
function field(value: string | null, quote: boolean): string {
  if (value === null) return ''
  return quote || value === '' || /[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value
}

function brokenRecord(rule: (typeof BROKEN)[number], columns: number): Buffer {
  const fields = Array.from({ length: columns }, (_, i) => `v${i}`)
  if (rule === 'too_few_fields') return Buffer.from(fields.slice(1).join(','))
  if (rule === 'too_many_fields') return Buffer.from([...fields, 'x'].join(','))
  if (rule === 'quotes') return Buffer.from(['"v"x', ...fields.slice(1)].join(','))
  return Buffer.concat([Buffer.from(`${fields.slice(1).join(',')},x`), Buffer.from([0xff])])
}

async function readBack(file: RandomFile, seed: number): Promise<Pick<RandomFile, 'rows' | 'broken'>> {
  const path = join(dir, `${seed}.csv`)
  await writeFile(path, file.text)
  const header = Array.from({ length: file.columns }, (_, i) => `c${i}`)
  const source: Source = {
    ...{
      name: 's',
      kind: 'snapshot',
      file: 's.csv',
      anyFile: true,
      format: USUAL_FORMAT,
      key: ['c0'],
      checks: [],
      postgres: null,
      eventTime: null,
      availableAt: null,
      deleted: null,
      publishDelayMs: 0,
      timeZone: null,
    },
    columns: header.map((name) => ({ name, type: 'String', checks: [] })),
  }
  return duck.session(async (session) => {
    const table = await loadOne(session, { source, path, header, name: `s${seed}`, until: '' })
    const texts = header.map((_, i) => `r${i}`).join(', ')
    const found = await session.rows<Record<string, string | null>>(`SELECT ${texts} FROM s${seed} ORDER BY n`)
    const lines = await linesOfRows(
      table,
      found.map((_, i) => i + 1),
    )
    const rows = found.map((row, i) => ({ line: lines.get(i + 1)?.line ?? -1, values: Object.values(row) }))
    const findings = (await checkStructure(table)).filter((f) => f.rule !== 'no_rows')
    return { rows, broken: Object.fromEntries(findings.map((f) => [f.rule, f.examples.map((e) => e.line ?? -1)])) }
  })
}
