import { keyPlaces } from '../../config/key-places.ts'
import type { Project } from '../../config/project.ts'
import type { Duck } from '../../lake/duck.ts'
import type { ObjectStore } from '../../lake/objects.ts'
import { type KeyWay, type Subject, subjectCondition } from '../../lake/subject.ts'
import { literal } from '../define/quote.ts'

export const DATASETS = 'datasets/'

type Deps = { objects: ObjectStore; duck: Duck; project: Project }

/**
 * Kept training sets that hold the subject, by their object keys. They can be built again, without it. One that has no column
 * for its key may still hold values that came from its rows: that is asked of `unsure`.
 */
export async function datasetsOf(
  deps: Deps,
  subject: Subject,
  unsure: (objectKey: string) => boolean,
): Promise<string[]> {
  const { objects, duck } = deps
  const found: string[] = []
  for (const { key } of await objects.list(DATASETS)) {
    if (!key.endsWith('.parquet')) continue
    const path = await objects.local(key).catch(() => undefined)
    const its = async () => path === undefined || holds(duck, path, subject, waysOf(deps.project, subject), unsure(key))
    try {
      // A damaged one is good for nothing, and nobody knows what it holds.
      if ((await its()) && (await objects.stat(key)) !== undefined) found.push(key)
    } catch (error) {
      // Another request may have removed it while it was read: then it holds nobody.
      if ((await objects.stat(key)) !== undefined) throw error
    }
  }
  return found
}

async function holds(
  duck: Duck,
  path: string,
  subject: Subject,
  ways: readonly KeyWay[],
  unsure: boolean,
): Promise<boolean> {
  const from = `read_parquet(${literal(path)})`
  const columns = await duck.rows<{ name: string }>(`SELECT column_name AS name FROM (DESCRIBE SELECT * FROM ${from})`)
  const there = new Set(columns.map((c) => c.name))
  const condition = subjectCondition(
    subject,
    ways.filter((way) => way.every((column) => there.has(column))),
  )
  if (condition === undefined) return unsure
  const [found] = await duck.rows<{ here: boolean }>(`SELECT EXISTS (FROM ${from} WHERE ${condition}) AS here`)
  return found?.here === true
}

/** A training set has the columns of the rows that it was asked for: the join keys', or any of the project's for them. */
function waysOf(project: Project, subject: Subject): KeyWay[] {
  const names = subject.joinKeys.map((key) => key.name)
  const roles = project.featureServices.flatMap(({ features }) =>
    features.flatMap(({ role }) => (role ? [names.map((name) => role.keys[name] ?? name)] : [])),
  )
  const places = keyPlaces(project).filter((place) => place.entity === subject.entity)
  const ways = [names, ...roles, ...places.map((place) => place.columns)]
  return [...new Map(ways.map((way) => [JSON.stringify(way), way])).values()]
}
