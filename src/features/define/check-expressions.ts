import { isDeepStrictEqual } from 'node:util'
import { messageOf, PlatformError } from '../../base/errors.ts'
import type { Fault } from '../../config/fault.ts'
import type { FeatureView, Project, Source, ValueType } from '../../config/project.ts'
import type { Duck, DuckSession } from '../../lake/duck.ts'
import { withArticle } from '../../values/values.ts'
import { ident, literal } from './quote.ts'
import { duckType } from './value-types.ts'

/**
 * Compiles the SQL of derived features against the columns of their source, and refuses what could not give the same
 * value each time from one row alone: sub-queries, aggregates, windows, and functions of the clock or of chance.
 */
export async function expressionFaults(duck: Duck, project: Project): Promise<Fault[]> {
  const views = project.featureViews.filter((view) => view.features.some((f) => f.sql !== null))
  if (views.length === 0) return []
  return duck.session(async (session) => {
    const checks = { nonDeterministic: await nonDeterministicFunctions(session), around: await aroundOne(session) }
    const faults: Fault[] = []
    for (const view of views) {
      const source = project.sources.find((s) => s.name === view.source)
      if (source) faults.push(...(await viewFaults(session, { project, view, source }, checks)))
    }
    return faults
  })
}

/** Refuses (config_invalid) a project with such faults. */
export async function requireExpressions(duck: Duck, project: Project): Promise<void> {
  const faults = await expressionFaults(duck, project)
  if (faults.length === 0) return
  const lines = faults.map((f) => `  ${f.path}: ${f.message}`)
  throw new PlatformError('config_invalid', ['weir.config.ts has faults:', ...lines].join('\n'), {
    details: { faults },
  })
}

type Checks = { nonDeterministic: ReadonlySet<string>; around: unknown }

async function viewFaults(
  session: DuckSession,
  { project, view, source }: { project: Project; view: FeatureView; source: Source },
  { nonDeterministic, around }: Checks,
): Promise<Fault[]> {
  const columns = source.columns.map((c) => `${ident(c.name)} ${duckType(c.type)}`)
  await session.run(`CREATE OR REPLACE TEMP TABLE checked (${columns.join(', ')})`)
  await session.run(`INSERT INTO checked VALUES (${columns.map(() => 'NULL').join(', ')})`)
  const names = new Set(source.columns.map((c) => c.name.toLowerCase()))
  const faults: Fault[] = []
  for (const feature of view.features) {
    if (feature.sql === null) continue
    const path = `featureViews.${view.name}.features.${feature.name}.sql`
    const tree = await parse(session, feature.sql, around)
    const found = 'message' in tree ? [tree.message] : treeFaults(tree.node, nonDeterministic, names)
    if (found.length === 0) {
      const fault = await typeFault(session, feature.sql, feature.type)
      if (fault !== undefined) found.push(fault)
      else if ('node' in tree) found.push(...labelFaults(project, view, columnsIn(tree.node)))
    }
    faults.push(...found.map((message) => ({ path, message })))
  }
  return faults
}

/** DuckDB would turn a text into a number row by row, and fail at the first that is none: kinds of types do not mix. */
const KINDS: [kind: string, types: RegExp, declared: readonly ValueType[]][] = [
  ['a number', /INT|^FLOAT|^DOUBLE|^DECIMAL/, ['Int32', 'Int64', 'Float32', 'Float64']],
  ['text', /^VARCHAR$/, ['String']],
  ['a Bool', /^BOOLEAN$/, ['Bool']],
  ['a date', /^DATE$/, ['Date']],
  ['a moment', /^TIMESTAMP/, ['UnixTimestamp']],
]

/** Runs it on a row of nulls; undefined where it gives what was declared. */
async function typeFault(session: DuckSession, sql: string, type: ValueType): Promise<string | undefined> {
  try {
    const [column] = await session.rows<{ type: string }>(
      `SELECT column_type AS type FROM (DESCRIBE SELECT (${sql}\n) AS f FROM checked)`,
    )
    await session.run(`SELECT CAST((${sql}\n) AS ${duckType(type)}) FROM checked`)
    const given = column?.type ?? ''
    const kind = KINDS.find(([, types]) => types.test(given) && !given.endsWith('[]'))
    if (kind?.[2].includes(type) || given === '"NULL"') return undefined
    return `it gives ${kind?.[0] ?? 'a value'} (${given}), not ${withArticle(type)}; CAST it`
  } catch (error) {
    return messageOf(error).split('\n')[0]
  }
}

type Node = Record<string, unknown>

/** What every expression must be: the one column of this statement, with nothing before it and nothing behind. */
const ONE_EXPRESSION = 'write one expression over the columns of a row'

async function parse(
  session: DuckSession,
  sql: string,
  expected: unknown,
): Promise<{ node: Node } | { message: string }> {
  const given = await statementOf(session, `(${sql}\n)`)
  if ('message' in given) return given
  const list = given.node.select_list as Node[] | undefined
  // A closing bracket in the text could end our own and begin anything: another list, a condition, a UNION.
  if (list?.length !== 1 || !isDeepStrictEqual(withoutList(given.node), expected)) {
    return { message: ONE_EXPRESSION }
  }
  return { node: list[0] as Node }
}

async function statementOf(session: DuckSession, column: string): Promise<{ node: Node } | { message: string }> {
  try {
    const [row] = await session.rows<{ tree: string }>(
      `SELECT CAST(json_serialize_sql(${literal(`SELECT ${column} FROM checked`)}) AS VARCHAR) AS tree`,
    )
    const tree = JSON.parse(row?.tree ?? '{}') as {
      error?: boolean
      error_message?: string
      statements?: { node: Node }[]
    }
    const [statement, second] = tree.statements ?? []
    if (tree.error) return { message: tree.error_message ?? 'this is not an expression' }
    return statement && !second ? { node: statement.node } : { message: ONE_EXPRESSION }
  } catch (error) {
    return { message: messageOf(error).split('\n')[0] ?? '' }
  }
}

/** What stands around a single expression. */
async function aroundOne(session: DuckSession): Promise<unknown> {
  const plain = await statementOf(session, '(1)')
  if ('message' in plain) throw new Error(`DuckDB does not read our own statement: ${plain.message}`)
  return withoutList(plain.node)
}

/** A statement without its list of columns, and without the places in its text. */
function withoutList({ select_list: _, ...rest }: Node): unknown {
  return JSON.parse(JSON.stringify(rest, (name, value: unknown) => (name === 'query_location' ? undefined : value)))
}

/** Names of a row that only the table of the check has, or only the file that is read later. */
const NO_COLUMNS = new Set(['checked', 'rowid', 'filename', 'file_row_number', 'file_index'])

function treeFaults(node: Node, nonDeterministic: ReadonlySet<string>, columns: ReadonlySet<string>): string[] {
  const faults: string[] = []
  walk(node, (n) => {
    if (n.class === 'SUBQUERY') faults.push('a sub-query reads more than the row; write an expression over its columns')
    if (n.class === 'WINDOW') faults.push('a window reads more than the row; write an expression over its columns')
    if (n.class === 'STAR' || n.class === 'POSITIONAL_REFERENCE') faults.push('name the columns')
    if (n.class === 'COLUMN_REF') faults.push(...columnFaults(n.column_names as string[], columns))
    if (n.class === 'PARAMETER') faults.push('there are no parameters here')
    const name = n.class === 'FUNCTION' ? String(n.function_name).toLowerCase() : ''
    if (nonDeterministic.has(name))
      faults.push(`${name}() does not give the same value each time, or reads more than the row`)
  })
  return [...new Set(faults)]
}

function columnFaults(parts: readonly string[], columns: ReadonlySet<string>): string[] {
  const first = parts[0]?.toLowerCase() ?? ''
  return columns.has(first) || !NO_COLUMNS.has(first) ? [] : [`'${parts.join('.')}' is not a column of the source`]
}

/** A label computed into a feature is still the label. */
function labelFaults(project: Project, view: FeatureView, columns: ReadonlySet<string>): string[] {
  const models = project.models.filter((model) => {
    const refs = project.featureServices.find((s) => s.name === model.featureService)?.features ?? []
    return refs.some((ref) => ref.view === view.name)
  })
  const labels = project.labels.filter((l) => l.source === view.source && models.some((m) => m.label === l.name))
  return labels
    .filter((label) => columns.has(label.column.toLowerCase()))
    .map((label) => `it is computed from '${label.column}', which is the label of a model that uses it`)
}

function columnsIn(node: Node): Set<string> {
  const names = new Set<string>()
  walk(node, (n) => {
    if (n.class === 'COLUMN_REF') names.add(String((n.column_names as string[]).at(-1)).toLowerCase())
  })
  return names
}

function walk(value: unknown, visit: (node: Node) => void): void {
  if (Array.isArray(value)) for (const one of value) walk(one, visit)
  else if (value !== null && typeof value === 'object') {
    visit(value as Node)
    for (const one of Object.values(value)) walk(one, visit)
  }
}

async function nonDeterministicFunctions(session: DuckSession): Promise<Set<string>> {
  const rows = await session.rows<{ name: string }>(
    `SELECT function_name AS name FROM duckdb_functions()
     GROUP BY 1 HAVING bool_or(function_type IN ('aggregate', 'table', 'pragma', 'table_macro')
       OR coalesce(stability, 'CONSISTENT') <> 'CONSISTENT')`,
  )
  return new Set(rows.map((row) => row.name.toLowerCase()))
}
