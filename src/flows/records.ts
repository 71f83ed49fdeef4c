import type { Database } from '../db/sql.ts'

/** What a run or a step was given and what came of it, as the engine keeps it: JSON, or plain text. */
type Kept = {
  table: 'workflow_status' | 'operation_outputs'
  id: string
  step: number | null
  column: string
  text: string
}

const COLUMNS = {
  workflow_status: ['inputs', 'output', 'error'],
  operation_outputs: ['output', 'error'],
} as const

/**
 * Gives every record that contains one of `words` to `change`, and keeps what it gives back where that is another text. What
 * an unfinished run was given stays as it is: it is still needed. Gives how many records were changed (or would be).
 */
export async function changeRecords(
  db: Database,
  words: readonly string[],
  change: (document: unknown) => unknown,
  write: boolean,
): Promise<number> {
  const [there] = await db.query<{ there: boolean }>(`select to_regclass('dbos.workflow_status') is not null as there`)
  if (!there?.there) return 0
  let changed = 0
  for (const kept of await selectKept(db, words)) {
    const text = changedText(kept.text, change)
    if (text === kept.text) continue
    if (write) await updateKept(db, kept, text)
    changed++
  }
  return changed
}

function changedText(text: string, change: (document: unknown) => unknown): string {
  let document: unknown
  try {
    document = JSON.parse(text)
  } catch {
    return String(change(text))
  }
  const after = change(document)
  return after === document ? text : JSON.stringify(after)
}

async function selectKept(db: Database, words: readonly string[]): Promise<Kept[]> {
  const parts = Object.entries(COLUMNS).flatMap(([table, columns]) =>
    columns.map((column) => {
      const step = table === 'operation_outputs' ? 'function_id' : 'null::int'
      const done = column === 'inputs' ? `and status not in ('ENQUEUED', 'PENDING', 'DELAYED')` : ''
      return `select '${table}' as table, workflow_uuid as id, ${step} as step, '${column}' as column, ${column} as text
        from dbos.${table} where ${column} is not null ${done}
        and exists (select from unnest($1::text[]) w where position(w in ${column}) > 0)`
    }),
  )
  return db.query<Kept>(parts.join(' union all '), [words])
}

async function updateKept(db: Database, { table, id, step, column, text: before }: Kept, text: string): Promise<void> {
  await db.query(
    `update dbos.${table} set ${column} = $3 where workflow_uuid = $1 and ${column} = $2 ${step === null ? '' : 'and function_id = $4'}`,
    step === null ? [id, before, text] : [id, before, text, step],
  )
}
