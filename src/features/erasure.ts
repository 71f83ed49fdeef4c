import type { Project } from '../config/project.ts'
import type { Database } from '../db/sql.ts'
import type { Duck } from '../lake/duck.ts'
import type { KeyWays } from '../lake/erase.ts'
import type { Lake } from '../lake/lake.ts'
import { digestOfKey } from '../lake/named-by-digest.ts'
import type { ObjectStore } from '../lake/objects.ts'
import { keyText, type Subject } from '../lake/subject.ts'
import type { ViewDefinition } from './define/definitions.ts'
import { ident, literal } from './define/quote.ts'
import { deleteOldStatistics, forgetBrought, selectSetsNotFrom } from './erasure-queries.ts'
import { DATASETS, datasetsOf } from './offline/erase-datasets.ts'
import { type AffectedKey, eraseLive, findLive, type LiveRows, tablesOfSubject } from './online/erase-live.ts'
import type { OnlineStore } from './online/online-store.ts'

export type { AffectedKey, LiveRows }

/** What the room finds and takes out of a subject; statistics, training sets and live values, in all their copies. */
export type FeaturesErasure = {
  /** Before the lake is written again: the keys of all views whose values come from rows of the subject. */
  survey(subject: Subject, ways: KeyWays): Promise<AffectedKey[]>
  findLive(subject: Subject, affected: readonly AffectedKey[]): Promise<LiveRows[]>
  /** Removes them, and has views of other entities brought again from what is left. */
  eraseLive(subject: Subject, affected: readonly AffectedKey[]): Promise<LiveRows[]>
  /**
   * Kept training sets that hold it, or that were built from one of these snapshots and have no column that could tell: object
   * keys, and the digests that runs name them by.
   */
  datasets(subject: Subject, snapshots: readonly string[]): Promise<{ objectKey: string; digest: string }[]>
  /** The digests of all training sets that are kept. */
  keptDigests(): Promise<Set<string>>
  dropDatasets(objectKeys: readonly string[]): Promise<void>
  /** Tables of PostgreSQL whose pages may hold deleted rows of it. */
  tables(subject: Subject, affected: readonly AffectedKey[]): Promise<string[]>
  /** Views of other entities that have lost values, to be brought again. */
  otherViews(subject: Subject, affected: readonly AffectedKey[]): string[]
  /** Statistics of files that were read before; gives how many. */
  eraseStatistics(): Promise<number>
}

type Deps = { sql: Database; lake: Lake; duck: Duck; objects: ObjectStore; online: OnlineStore; project: Project }

export function createFeaturesErasure(deps: Deps, views: readonly ViewDefinition[]): FeaturesErasure {
  const { sql, lake, objects } = deps
  return {
    survey: (subject, ways) => survey(deps, views, subject, ways),
    findLive: (subject, affected) => findLive(deps, subject, affected),
    async eraseLive(subject, affected) {
      const erased = await eraseLive(deps, subject, affected)
      for (const view of otherViews(deps.project, subject, affected)) await forgetBrought(sql, view)
      return erased
    },
    async datasets(subject, snapshots) {
      const others = new Set(await selectSetsNotFrom(sql, snapshots))
      const keys = await datasetsOf(deps, subject, (objectKey) => snapshots.length > 0 && !others.has(objectKey))
      return keys.map((objectKey) => ({ objectKey, digest: digestOfKey(objectKey) }))
    },
    async keptDigests() {
      const kept = (await objects.list(DATASETS)).filter(({ key }) => key.endsWith('.parquet'))
      return new Set(kept.map(({ key }) => digestOfKey(key)))
    },
    async dropDatasets(objectKeys) {
      await lake.caches.announce(objectKeys)
      for (const key of objectKeys) await objects.delete(key)
    },
    tables: (subject, affected) => tablesOfSubject(deps, subject, affected),
    otherViews: (subject, affected) => otherViews(deps.project, subject, affected),
    async eraseStatistics() {
      return deleteOldStatistics(sql, await lake.history())
    },
  }
}

/** Views of another entity, some of whose keys had values of the subject: what is left of those keys comes back. */
function otherViews(project: Project, subject: Subject, affected: readonly AffectedKey[]): string[] {
  const names = new Set(affected.map((a) => a.view))
  return project.featureViews.filter((v) => v.entity !== subject.entity && names.has(v.name)).map((v) => v.name)
}

async function survey(
  { lake, duck }: Deps,
  views: readonly ViewDefinition[],
  subject: Subject,
  ways: KeyWays,
): Promise<AffectedKey[]> {
  const found = new Map<string, AffectedKey>()
  await lake.erasure.eachHeld(subject, ways, async ({ file, path, condition }) => {
    const held = new Set(file.columns.map((c) => c.name))
    for (const view of views) {
      if (view.source !== file.source || view.keys.length === 0) continue
      if (!view.keys.every((key) => held.has(key.column))) continue
      const texts = view.keys.map((key, i) => `${keyText(ident(key.column), key.type)} AS k${i}`)
      const rows = await duck.rows<Record<string, string | null>>(
        `SELECT DISTINCT ${texts.join(', ')} FROM read_parquet(${literal(path)}) WHERE ${condition}`,
      )
      for (const row of rows) {
        const key = view.keys.map((_, i) => row[`k${i}`] ?? null)
        if (!key.includes(null)) found.set(JSON.stringify([view.name, key]), { view: view.name, key: key as string[] })
      }
    }
  })
  return [...found.values()]
}
