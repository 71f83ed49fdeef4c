import type { Source } from '../../config/project.ts'
import { readRows } from '../xlsx/sheet-rows.ts'
import { CannotReadWorkbook, openWorkbook, type Workbook } from '../xlsx/workbook.ts'
import { type Layout, namesIn, namesKnown, placedNote } from './names.ts'

const ROWS_MAX = 100

/** Ends the reading of a sheet; only such an error comes through unchanged. */
class Enough extends CannotReadWorkbook {}

type Row = { row: number; fields: string[] }
type Found = { known: number; layout: Layout; notes: string[] }

/**
 * In which sheet the table is, and in which row its names: where most columns of the project have theirs. Undefined where that
 * is nowhere, or nothing can be read.
 */
export async function guessSheet(
  path: string,
  source: Source,
): Promise<{ layout: Layout; notes: string[] } | undefined> {
  const book = await openWorkbook(path)
  try {
    const { sheet: wanted } = source.format
    const found: (Found & { name: string })[] = []
    for (const { name, path: sheet } of book.sheets) {
      if (wanted !== null && wanted !== name) continue
      const best = mostNames(await firstRows(book, sheet), source)
      if (best) found.push({ ...best, name })
    }
    const best = found.toSorted((a, b) => b.known - a.known)[0]
    if (!best) return undefined
    const others = found.filter((one) => one !== best && one.known === best.known).map(({ name }) => `'${name}'`)
    const also = `the names are in ${others.join(' and ')} too; say with sheet which one is meant`
    const notes = [...(others.length === 0 ? [] : [also]), ...best.notes]
    return { layout: { ...best.layout, sheet: best.name === book.sheets[0]?.name ? wanted : best.name }, notes }
  } finally {
    book.close()
  }
}

async function firstRows(book: Workbook, path: string): Promise<Row[]> {
  const rows: Row[] = []
  const take = ({ row, plain }: { row: number; plain: Map<number, string> }) => {
    const width = Math.max(-1, ...plain.keys()) + 1
    rows.push({ row, fields: Array.from({ length: width }, (_, i) => plain.get(i) ?? '') })
    if (rows.length >= ROWS_MAX) throw new Enough()
    return undefined
  }
  await readRows(book, path, take).catch((error) => {
    if (!(error instanceof Enough)) throw error
  })
  return rows
}

function mostNames(rows: readonly Row[], source: Source): Found | undefined {
  let best: Found | undefined
  for (const { row, fields } of rows) {
    const known = namesKnown(fields, source)
    if (known * 2 < source.columns.length || known <= (best?.known ?? 0)) continue
    const layout = { skipLines: row - 1, ...namesIn(fields, source) }
    best = { known, layout, notes: placedNote(fields, source) }
  }
  return best
}
