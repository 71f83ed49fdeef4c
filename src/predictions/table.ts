import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { PlatformError } from '../base/errors.ts'
import { writeFileBy } from '../base/write-file.ts'
import type { Sql } from '../db/sql.ts'
import type { DuckSession } from '../lake/duck.ts'
import { ident, literal } from '../lake/quote.ts'
import { TYPES, type ValueType } from '../values/values.ts'
import type { AnswerShape, AnswerWindow } from './answer.ts'
import type { RecordedShape, Shapes } from './shapes.ts'
import { conditionOf } from './where.ts'

/** The columns beside key parts and features; a key part or a feature of the same name is left under its own name and this one is not. */
export const TABLE_COLUMNS = [
  'answer_id',
  'answered_at',
  'version',
  'run_id',
  'arm',
  'score',
  'prediction',
  'recorded_at',
] as const

export type AnswerTable = { rows: number } & AnswerShape

type Deps = { sql: Sql; shapes: Shapes; withScratch<T>(body: (dir: string) => Promise<T>): Promise<T> }

const FETCH_ROWS = 5_000

/**
 * The answers of a window as a temporary DuckDB table: key parts and features in their types, `answer_id`, `answered_at` and
 * `recorded_at` (TIMESTAMPTZ), `version`, `run_id`, `arm` and `prediction` (VARCHAR), `score` (DOUBLE). In the order of their
 * moments. Memory does not grow with the rows. A feature that only some of the versions have is null in the others' answers;
 * one that has two types is refused (conflict).
 */
export async function fillTable(
  { sql, shapes, withScratch }: Deps,
  duck: DuckSession,
  table: string,
  window: AnswerWindow,
): Promise<AnswerTable> {
  const known = await shapes.of(window.model, window.version)
  const { keys, features } = together(known)
  const columns = [...keys, ...features].map(({ name, type }) => `${ident(name)} ${TYPES[type].duck}`)
  const taken = new Set([...keys, ...features].map(({ name }) => name))
  const beside = BESIDE.filter(({ name }) => !taken.has(name))
  await duck.run(
    `create or replace temp table ${ident(table)} (${[...columns, ...beside.map(({ name, duck }) => `${ident(name)} ${duck}`)].join(', ')})`,
  )
  const rows = await withScratch(async (dir) => {
    const path = join(dir, 'answers.json')
    const count = await writeLines({ sql, shapes }, path, window)
    if (count === 0) return 0
    for (const shape of known) {
      const selected = [
        ...keys.map((key) => castOf(`j->'k'`, shape.keys, key)),
        ...features.map((feature) => castOf(`j->'f'`, shape.features, feature)),
        ...beside.map(({ from, duck }) => (from === null ? versionText(shape) : `cast(${from} as ${duck})`)),
      ]
      const runId = literal(shape.runId)
      await duck.run(
        `insert into ${ident(table)} select ${selected.map((s) => s.replace('$run', runId)).join(', ')}
         from read_json(${literal(path)}, columns = {j: 'JSON'}, format = 'newline_delimited', records = false, maximum_object_size = 33554432)
         where cast(j->>'s' as integer) = ${shape.id}`,
      )
    }
    return count
  })
  return { rows, keys, features }
}

/** Each column beside, and where it is in a line; null: the version. */
const BESIDE: { name: (typeof TABLE_COLUMNS)[number]; duck: string; from: string | null }[] = [
  { name: 'answer_id', duck: 'BIGINT', from: `j->>'i'` },
  { name: 'answered_at', duck: 'TIMESTAMPTZ', from: `j->>'t'` },
  { name: 'version', duck: 'VARCHAR', from: null },
  { name: 'run_id', duck: 'VARCHAR', from: '$run' },
  { name: 'arm', duck: 'VARCHAR', from: `j->>'a'` },
  { name: 'score', duck: 'DOUBLE', from: `j->>'c'` },
  { name: 'prediction', duck: 'VARCHAR', from: `j->>'p'` },
  { name: 'recorded_at', duck: 'TIMESTAMPTZ', from: `j->>'r'` },
]
const versionText = ({ version }: RecordedShape) => literal(version)

function castOf(
  member: string,
  held: readonly { name: string; type: ValueType }[],
  wanted: { name: string; type: ValueType },
) {
  const at = held.findIndex(({ name }) => name === wanted.name)
  return at < 0 ? `cast(null as ${TYPES[wanted.type].duck})` : `cast(${member}->>${at} as ${TYPES[wanted.type].duck})`
}

/** The keys and features of several versions, in the order of the newest, then what only others have. */
function together(shapes: readonly RecordedShape[]): AnswerShape {
  const newest = [...shapes].reverse()
  const keys = new Map<string, AnswerShape['keys'][number]>()
  const features = new Map<string, AnswerShape['features'][number]>()
  for (const shape of newest) {
    for (const key of shape.keys) add(keys, key, shape)
    for (const feature of shape.features) add(features, feature, shape)
  }
  return { keys: [...keys.values()], features: [...features.values()] }
}

function add<C extends { name: string; type: ValueType }>(all: Map<string, C>, one: C, shape: RecordedShape): void {
  const had = all.get(one.name)
  if (had === undefined) all.set(one.name, one)
  else if (had.type !== one.type) {
    throw new PlatformError(
      'conflict',
      `'${one.name}' is of type ${one.type} in answers of version ${shape.version} of ${shape.model}, and of type ${had.type} in those of others; name one version`,
    )
  }
}

/** As lines of JSON, which DuckDB reads without a second copy in our memory. */
async function writeLines({ sql, shapes }: Pick<Deps, 'sql' | 'shapes'>, path: string, window: AnswerWindow) {
  const { arm, ...rest } = window
  const where = await conditionOf(shapes, { ...rest, arm, refused: false })
  if (where === undefined) return 0
  const { conditions, values } = where
  if (arm === undefined) conditions.push('a.returned')
  let count = 0
  await sql.tx(async (tx) => {
    await tx.query(
      `declare answers no scroll cursor for
       select json_build_object('i', a.id, 't', a.at, 's', a.shape, 'a', a.arm, 'c', a.score, 'p', a.said->'prediction', 'r', a.recorded_at,
         'k', array_to_json(a.key), 'f', a.features)::text as line
       from predictions.answer a where ${conditions.join(' and ')} order by a.at, a.id`,
      values,
    )
    async function* lines() {
      for (;;) {
        const rows = await tx.query<{ line: string }>(`fetch ${FETCH_ROWS} from answers`)
        if (rows.length === 0) return
        count += rows.length
        yield `${rows.map(({ line }) => line).join('\n')}\n`
      }
    }
    await writeFileBy(path, (file) => pipeline(Readable.from(lines()), file))
  })
  return count
}
