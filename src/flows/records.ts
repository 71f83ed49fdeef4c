import type { Database } from '../db/sql.ts'

/** What a run or a step was given and what came of it: JSON, or plain text of the engine of before. */
type Kept = { place: number; id: string; step: number | null; column: string; text: string }

type Place = {
  table: string
  id: string
  step: string | null
  columns: readonly string[]
  json: boolean
  /** What people write: never JSON, even where it reads as some. */
  words?: true
  ended: string
}

/** Where records are, with what people said of schedules; the last two as long as the runs of an older weir are there (old-engine.ts). */
const PLACES: readonly Place[] = [
  {
    ...{ table: 'flows.run', id: 'id', step: null, columns: ['input', 'output', 'error'], json: true },
    ended: 'finished_at is not null',
  },
  {
    ...{ table: 'flows.step', id: 'run_id', step: 'number', columns: ['output', 'error'], json: true },
    ended: 'true',
  },
  {
    // Attempts of one run that failed in the same words are changed together.
    ...{ table: 'flows.attempt', id: 'run_id', step: null, columns: ['error'], json: true },
    ended: 'true',
  },
  {
    ...{ table: 'flows.run', id: 'id', step: null, columns: ['cancel_why'], json: false, words: true },
    ended: 'true',
  },
  {
    ...{ table: 'flows.line', id: 'run_id', step: 'number', columns: ['text'], json: false, words: true },
    ended: 'true',
  },
  ...['flows.tick', 'flows.backfill'].map((table) => ({
    ...({ table, id: 'id', step: null, columns: ['why'], json: false, words: true, ended: 'true' } as const),
  })),
  {
    ...{ table: 'flows.schedule', id: 'name', step: null, columns: ['paused_why'], json: false, words: true },
    ended: 'true',
  },
  {
    ...{ table: 'dbos.workflow_status', id: 'workflow_uuid', step: null, json: false },
    columns: ['inputs', 'output', 'error'],
    ended: `status not in ('ENQUEUED', 'PENDING', 'DELAYED')`,
  },
  {
    ...{ table: 'dbos.operation_outputs', id: 'workflow_uuid', step: 'function_id', json: false },
    columns: ['output', 'error'],
    ended: 'true',
  },
]

/** The tables with records. */
export const RECORD_TABLES: readonly string[] = [...new Set(PLACES.map((place) => place.table))]

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
  let changed = 0
  for (const kept of await selectKept(db, words)) {
    const text = PLACES[kept.place]?.words ? String(change(kept.text)) : changedText(kept.text, change)
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
  const found: Kept[] = []
  for (const [number, place] of PLACES.entries()) {
    const [there] = await db.query<{ there: boolean }>('select to_regclass($1) is not null as there', [place.table])
    if (!there?.there) continue
    const parts = place.columns.map((column) => {
      const ended = column.startsWith('input') ? place.ended : 'true'
      return `select ${number} as place, ${place.id} as id, ${place.step ?? 'null::int'} as step, '${column}' as column,
          ${column}::text as text
        from ${place.table} where ${column} is not null and ${ended}
        and exists (select from unnest($1::text[]) w where position(w in ${column}::text) > 0)`
    })
    found.push(...(await db.query<Kept>(parts.join(' union all '), [words])))
  }
  return found
}

async function updateKept(db: Database, { place, id, step, column, text: before }: Kept, text: string): Promise<void> {
  const { table, id: name, step: number, json } = PLACES[place]!
  await db.query(
    `update ${table} set ${column} = $3${json ? '::json' : ''}
     where ${name} = $1 and ${column}::text = $2 ${number === null ? '' : `and ${number} = $4`}`,
    number === null ? [id, before, text] : [id, before, text, step],
  )
}
