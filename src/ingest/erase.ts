import { mentions } from '../base/mentions.ts'
import { keyColumns } from '../config/key-places.ts'
import type { Project } from '../config/project.ts'
import type { Sql } from '../db/sql.ts'
import type { Subject } from '../lake/subject.ts'
import { type Example, type Finding, shown } from './finding.ts'
import { selectFindings, updateFindings } from './queries.ts'

/**
 * Findings show keys and values of rows. Examples that name the subject go, and those of which nobody can tell whose row they
 * are: of a source that holds the subject's key in another column than those that name its rows.
 */
export function withoutSubject(project: Project, subject: Subject, finding: Finding): Finding {
  const unsure = isUnsure(project, subject, finding.source)
  const examples = finding.examples.filter((example) => !unsure && !names(subject, example))
  const said = subject.key.every((part) => mentions(finding.message, part) || mentions(finding.message, shown(part)))
  if (examples.length === finding.examples.length && !said) return finding
  const [message = ''] = finding.message.split(' (')
  const stillSaid = subject.key.some((part) => mentions(message, part))
  return { ...finding, examples, message: stillSaid ? `${finding.file}: rule '${finding.rule}'` : message }
}

function names(subject: Subject, { key, value }: Example): boolean {
  const text = `${key ?? ''}\n${value ?? ''}`
  return subject.key.every((part) => mentions(text, part) || mentions(text, shown(part)))
}

function isUnsure(project: Project, subject: Subject, name: string | null): boolean {
  const source = project.sources.find((s) => s.name === name)
  if (!source || name === null) return true
  const held = source.columns.map((c) => c.name)
  const ways = keyColumns(project, subject.entity, name, held)
  return ways.some((way) => !way.every((column) => source.key.includes(column)))
}

/** Deliveries whose findings name the subject. */
export async function findInDeliveries(sql: Sql, subject: Subject): Promise<number> {
  let found = 0
  for (const { findings } of await selectFindings(sql)) {
    if (findings.some((f) => f.examples.some((e) => names(subject, e)) || saysKey(subject, f))) found++
  }
  return found
}

function saysKey(subject: Subject, { message }: Finding): boolean {
  return subject.key.every((part) => mentions(message, part))
}

/** Gives how many deliveries were changed. */
export async function eraseFromDeliveries(sql: Sql, project: Project, subject: Subject): Promise<number> {
  let changed = 0
  for (const { id, findings } of await selectFindings(sql)) {
    const clean = findings.map((f) => withoutSubject(project, subject, f))
    if (clean.every((f, i) => f === findings[i])) continue
    await updateFindings(sql, id, clean)
    changed++
  }
  return changed
}
