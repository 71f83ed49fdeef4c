import { join } from 'node:path'
import type { Instant } from '../../base/instant.ts'
import type { Project, Source } from '../../config/project.ts'
import type { DuckSession } from '../../lake/duck.ts'
import { takeFile } from '../delivery-file.ts'
import type { Finding } from '../finding.ts'
import type { Table } from '../load-table.ts'
import { headerOf, loadFile, readFile } from '../read-delivery.ts'

type Looked = { rows: number | null; findings: Finding[] }
/** One file, looked at again and again: each time a copy is read as the given source says. */
export type Looker = ReturnType<typeof newLooker>

export function newLooker(given: {
  session: DuckSession
  project: Project
  now: Instant
  folder: string
  scratch: string
}) {
  const { session, project, now, folder, scratch } = given
  let looks = 0
  const take = (source: Source) => takeFile(folder, source, join(scratch, `look_${looks++}`))
  return {
    session,
    folder,
    take,
    /** The names of the columns of the first part; undefined where there are none that can be read. */
    async names(source: Source): Promise<string[] | undefined> {
      const file = await take(source)
      if ('rule' in file) return undefined
      const header = await headerOf(session, file.source, file.format, file.parts[0]!).catch(() => undefined)
      return Array.isArray(header) ? header : undefined
    },
    /** The file as a table, whatever is wrong with its values; undefined where it cannot be read at all. */
    async load(source: Source): Promise<Table | undefined> {
      const file = await take(source)
      if ('rule' in file) return undefined
      return (await loadFile({ duck: session, asOf: now }, file, `load${looks}`)).table
    },
    /** Reads and checks the file as a delivery. */
    async look(source: Source): Promise<Looked> {
      const file = await take(source)
      if ('rule' in file) return { rows: null, findings: [file] }
      const { table, findings } = await readFile({ duck: session, project, asOf: now }, file, `look${looks}`)
      return { rows: table?.rows ?? null, findings }
    },
  }
}
