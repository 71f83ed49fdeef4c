import { keyColumns } from '../config/key-places.ts'
import type { Project } from '../config/project.ts'
import type { DuckSession } from '../lake/duck.ts'
import type { ActiveSuppressions } from '../lake/suppression.ts'
import { counted, type Finding, finding } from './finding.ts'
import type { Table } from './load-table.ts'

/**
 * Takes the rows of those who were erased out of a table, before anything looks at their values: no check can show one, and
 * none comes into the lake.
 */
export async function leaveOut(
  duck: DuckSession,
  table: Table,
  project: Project,
  suppressed: ActiveSuppressions,
): Promise<{ table: Table; findings: Finding[] }> {
  const { source, columns, name } = table
  const held = columns.map((c) => c.name)
  const conditions = project.entities
    .filter((entity) => suppressed.entities.has(entity.name))
    .flatMap(({ name: entity, joinKeys }) =>
      keyColumns(project, entity, source.name, held).map((way) => {
        const values = way.flatMap((column) => columns.filter((c) => c.name === column).map((c) => `t${c.index}`))
        return suppressed.condition({ entity, joinKeys }, values)
      }),
    )
  if (conditions.length === 0) return { table, findings: [] }
  const where = conditions.join(' OR ')
  const [found] = await duck.rows<{ n: number }>(`SELECT count(*) AS n FROM ${name} WHERE ${where}`)
  if (!found?.n) return { table, findings: [] }
  await duck.run(`DELETE FROM ${name} WHERE ${where}`)
  const says = `${counted(found.n, 'row')} of an erased key left out`
  return {
    table: { ...table, rows: table.rows - found.n },
    findings: [finding(source, { rule: 'erased', severity: 'warn', count: found.n, says })],
  }
}
