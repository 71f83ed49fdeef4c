import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { parseAst } from 'vitest/node'

const SRC = fileURLToPath(new URL('../../src', import.meta.url))

/** Folders and files that read or write somebody else's names, and whose they are. */
const SPOKEN: Record<string, string> = {
  'wire/': 'what is sent and answered',
  'mlflow/': "MLflow's protocol",
  'remote-mlflow/': "another server's answers",
  'tracking/traces/wire.ts': "MLflow's traces",
  'pipelines/training-routes.ts': 'the body of a request',
  'flows/schedules/routes.ts': 'the body of a route of ours',
  'monitoring/quality/routes.ts': 'a query of our route',
  'pipelines/monitor-month.ts': 'a report of drift, as it is sent',
  'tracking/preview/': 'answers made where files are read, and the footer of a Parquet file',
  'features/feast/': "Feast's protocol",
  'monitoring/drift/': 'a report is put together as it is sent and kept',
  'monitoring/reports/': 'such reports, and bodies of our routes',
  'features/routes.ts': 'queries of our routes',
  'features/time/': 'answers that are compared and put together as they are sent',
  'cli/commands/at.ts': 'the answer of such a route, as it is printed',
  'ingest/routes.ts': 'queries of our routes',
  'pipelines/installation-routes.ts': 'the body of a route of ours',
  'monitoring/gate-records.ts': 'the numbers of a gate, as our routes give them',
  'cli/commands/canary.ts': 'the answer of such a route, as it is printed',
  'serving/v2/': 'the open inference protocol',
  'registry/routes/': 'queries and bodies of our routes',
  'ingest/routes/': 'queries of our routes',
  'tracking/table/routes.ts': 'queries of our routes',
  'serving/readiness.ts': 'an answer that is filled bit by bit',
  'cli/commands/demo.ts': 'the answer of a server that it asks',
  'cli/progress.ts': 'the style of a package',
  'features/define/check-expressions.ts': "DuckDB's tree of a statement",
  'home/mark.ts': 'the file that lies in a store',
  'training/outside/logged-model.ts': "MLflow's description of a model",
}

const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((f) => f.endsWith('.ts'))
const isSpoken = (file: string) => Object.keys(SPOKEN).find((place) => file === place || isBelow(file, place))
const isBelow = (file: string, place: string) => place.endsWith('/') && file.startsWith(place)

describe('inside of Weir a row and a type are camelCase', () => {
  const found = files.map((file) => ({ file, names: snakeNames(readFileSync(join(SRC, file), 'utf8')) }))
  const snake = found.filter(({ names }) => names.length > 0)

  it('but where a protocol is spoken', () => {
    expect(snake.filter(({ file }) => !isSpoken(file))).toEqual([])
  })

  it('and no place is named for nothing', () => {
    const needed = new Set(snake.map(({ file }) => isSpoken(file)))
    expect(Object.keys(SPOKEN).filter((place) => !needed.has(place))).toEqual([])
  })

  it.each([
    ['type Row = { run_id: string }', ['run_id']],
    ["type Row = { 'run_id': string }", ['run_id']],
    ["type Key = Pick<Row, 'run_id' | 'name'>", ['run_id']],
    ['class Row { run_id = 1 }', ['run_id']],
    ['const of = (row) => row.run_id', ['run_id']],
    ["const of = (row) => row['run_id']", ['run_id']],
    ['const of = ({ run_id: id }) => id', ['run_id']],
    ['interface Row { start_ms: number }; const of = (r: Row) => r?.start_ms', ['start_ms', 'start_ms']],
    // What is written, and what is only text.
    ["const json = { run_id: row.runId, text: 'select run_id from r where r.run_id = 1' }", []],
    ['const text = `select r.run_id as "runId" from r`', []],
    ["type Code = 'not_found' | 'too_large'", []],
    ['const MOST_MS = limits.MOST_MS', []],
  ])('%s', (text, names) => {
    expect(snakeNames(text)).toEqual(names)
  })
})

type Node = { type: string; [key: string]: unknown }

/** Names of properties that are declared, read or taken apart; what an object is made of is held to its type by tsc. */
function snakeNames(text: string): string[] {
  const names: string[] = []
  const add = (name: unknown) => {
    const of = name as Node | undefined
    const text = of?.type === 'Literal' ? of.value : of?.name
    if (typeof text === 'string' && /^[a-z][a-zA-Z0-9]*(_[a-z0-9]+)+$/.test(text)) names.push(text)
  }
  const visit = (node: unknown, parent?: Node): void => {
    if (typeof node !== 'object' || node === null) return
    if (Array.isArray(node)) {
      for (const each of node) visit(each, parent)
      return
    }
    const of = node as Node
    if (of.type === 'TSPropertySignature' || of.type === 'PropertyDefinition') add(of.key)
    if (of.type === 'Property' && parent?.type === 'ObjectPattern') add(of.key)
    if (of.type === 'MemberExpression' && (!of.computed || (of.property as Node).type === 'Literal')) add(of.property)
    if (of.type === 'TSTypeReference' && PICKS.includes((of.typeName as Node).name as string)) picked(of).forEach(add)
    for (const value of Object.values(of)) visit(value, of)
  }
  visit(parseAst(text, { lang: 'ts' }).body)
  return names
}

const PICKS = ['Pick', 'Omit', 'Record']

/** The keys that such a type names. */
function picked(of: Node): unknown[] {
  const given = (of.typeArguments as Node | undefined)?.params as Node[] | undefined
  return (given ?? [])
    .flatMap((type) => (type.type === 'TSUnionType' ? (type.types as Node[]) : [type]))
    .map((t) => t.literal)
}
