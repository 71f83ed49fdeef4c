import { setTimeout as sleep } from 'node:timers/promises'
import type { Project } from '../config/project.ts'
import type { Sql } from '../db/sql.ts'
import type { Features } from '../features/features.ts'
import type { Flows } from '../flows/flows.ts'
import { eraseReasons, findReasons } from '../identity/audit-erase.ts'
import { withoutSubject } from '../ingest/erase.ts'
import { collectHandedOver } from '../ingest/hand-over.ts'
import type { Ingest } from '../ingest/ingest.ts'
import type { Lake } from '../lake/lake.ts'
import type { ObjectStore } from '../lake/objects.ts'
import type { Predictions } from '../predictions/predictions.ts'
import type { Tracking } from '../tracking/tracking.ts'
import { cleanDocument } from './clean-document.ts'
import { eraseFromFiles, findInFiles } from './files.ts'
import { reasonsThatName } from './reasons.ts'
import type { HostCopies, Place } from './report.ts'
import type { Target } from './target.ts'

export type RoomDeps = {
  sql: Sql
  project: Project
  lake: Lake
  features: Features
  ingest: Pick<Ingest, 'find' | 'erase'>
  objects: ObjectStore
  flows: Pick<Flows, 'changeRecords' | 'unfinishedTexts'>
  tracking: Pick<Tracking, 'examples' | 'traces' | 'table'>
  predictions: Pick<Predictions, 'erasure'>
  /** The folder of this host with the embedded database and what commands leave. */
  home: string
}

/** Whom to take out, and under which record. */
export type EraseTarget = Target & { suppression: number; actor: string; reason: string }

type Found = Omit<Place, 'room'>

/** What each room does for an erasure. `erase` may run again after a kill at any point; `find` changes nothing. */
export type ErasureRoom = {
  room: string
  find(target: Target): Promise<Found[]>
  erase(target: EraseTarget): Promise<Found[]>
}

/**
 * In this order: first the lake, from which all the others could come back; then what was made from it.
 */
export function erasureRooms(deps: RoomDeps): ErasureRoom[] {
  return [
    lakeRoom(deps),
    trainingSets(deps),
    liveValues(deps),
    answers(deps),
    statistics(deps),
    deliveries(deps),
    traces(deps),
    savedViews(deps),
    runs(deps),
    reasons(deps),
    files(deps),
  ]
}

function lakeRoom({ lake }: RoomDeps): ErasureRoom {
  return {
    room: 'lake',
    async find({ subject, ways }) {
      const found: Found[] = []
      await lake.erasure.eachHeld(subject, ways, async ({ file, rows }) => {
        found.push({ where: `snapshot ${file.id}`, count: rows })
      })
      const left = await lake.erasure.unread(subject, ways)
      return [...found, ...left.map((key) => ({ where: `object ${key}, which no snapshot reads`, count: 1 }))]
    },
    async erase({ subject, ways, suppression, actor, reason }) {
      const files = await lake.erasure.rewrite({ subject, ways, suppression, actor, reason })
      // Whoever reads a file of before is waited for, and so is what it makes of it.
      await lake.work.pass()
      const gone = await lake.erasure.sweep(subject, ways)
      return [
        ...files.map((f) => ({ where: `snapshot ${f.snapshot}`, count: f.removed, before: f.before, after: f.after })),
        ...gone.map((key) => ({ where: `object ${key}`, count: 1 })),
      ]
    },
  }
}

/** The training sets last: as long as they are there, the runs that show rows of them can be found. */
function trainingSets({ lake, features, tracking }: RoomDeps): ErasureRoom {
  const named = (sets: { objectKey: string }[]) => sets.map((set) => ({ where: `object ${set.objectKey}`, count: 1 }))
  return {
    room: 'training sets',
    async find(target) {
      const sets = await features.erasure.datasets(target.subject, [])
      const digests = new Set(sets.map((set) => set.digest))
      const shown = await tracking.examples.find((digest) => digests.has(digest))
      return [...named(sets), ...shown.map((run) => ({ where: `input example of run ${run}`, count: 1 }))]
    },
    async erase(target) {
      const snapshots = await lake.erasure.erasedFrom(target.suppression)
      const sets = await features.erasure.datasets(target.subject, snapshots)
      const there = await features.erasure.keptDigests()
      const going = new Set(sets.map((set) => set.digest))
      // Of a training set that is gone already nobody can tell any more whose rows are shown.
      const emptied = await tracking.examples.empty((digest) => going.has(digest) || !there.has(digest))
      await features.erasure.dropDatasets(sets.map((set) => set.objectKey))
      return [...named(sets), ...emptied.map((run) => ({ where: `input example of run ${run}`, count: 1 }))]
    },
  }
}

function liveValues({ features }: RoomDeps): ErasureRoom {
  return {
    room: 'live values',
    async find({ subject, affected }) {
      const rows = await features.erasure.findLive(subject, affected)
      return rows.map((r) => ({ where: `${r.view} (${r.store} table ${r.table})`, count: r.rows }))
    },
    async erase({ subject, affected }) {
      const rows = await features.erasure.eraseLive(subject, affected)
      return rows.map((r) => ({ where: `${r.view} (${r.store} table ${r.table})`, count: r.rows }))
    },
  }
}

/** What models answered for it, after the live values: what is answered from here on knows nothing of it. */
function answers({ predictions: { erasure } }: RoomDeps): ErasureRoom {
  const named = (held: { model: string; count: number }[]) =>
    held.map(({ model, count }) => ({ where: `prediction log of ${model}`, count }))
  return {
    room: 'answers',
    find: async ({ subject }) => named(await erasure.find(subject)),
    erase: async ({ subject, affected }) => named(await erasure.erase(subject, affected)),
  }
}

function statistics({ features }: RoomDeps): ErasureRoom {
  return {
    room: 'statistics',
    find: async () => [],
    async erase() {
      const count = await features.erasure.eraseStatistics()
      return count === 0 ? [] : [{ where: 'statistics of files that were read before', count }]
    },
  }
}

function deliveries({ ingest }: RoomDeps): ErasureRoom {
  const counted = (count: number) => (count === 0 ? [] : [{ where: 'findings of deliveries', count }])
  return {
    room: 'deliveries',
    find: async ({ subject }) => counted(await ingest.find(subject)),
    erase: async ({ subject }) => counted(await ingest.erase(subject)),
  }
}

/** What programs wrote of their calls: a trace that names the subject goes whole, with its spans. */
function traces({ tracking }: RoomDeps): ErasureRoom {
  const { find, erase } = tracking.traces.erasure
  const named = (ids: string[]) => ids.map((id) => ({ where: `trace ${id}`, count: 1 }))
  return {
    room: 'traces',
    find: async ({ subject }) => named(await find(subject.key)),
    erase: async ({ subject }) => named(await erase(subject.key)),
  }
}

/** A view of runs that somebody saved, by its name and its filter. */
function savedViews({ tracking }: RoomDeps): ErasureRoom {
  const { find, erase } = tracking.table.views.erasure
  const named = (ids: number[]) => ids.map((id) => ({ where: `saved view ${id}`, count: 1 }))
  return {
    room: 'saved views',
    find: async ({ subject }) => named(await find(subject.key)),
    erase: async ({ subject }) => named(await erase(subject.key)),
  }
}

/** Inputs, results and errors of durable runs: a refused delivery is kept there with its findings. */
function runs({ project, flows }: RoomDeps): ErasureRoom {
  const change = (write: boolean, words: (target: Target) => string[]) => async (target: Target) => {
    const { subject } = target
    const count = await flows.changeRecords(
      words(target),
      (document) => cleanDocument(document, subject, (finding) => withoutSubject(project, subject, finding)),
      { write },
    )
    return count === 0 ? [] : [{ where: 'records of runs and their steps', count }]
  }
  const key = ({ subject }: Target) => [JSON.stringify(subject.key[0] ?? '').slice(1, -1)]
  return { room: 'runs', find: change(false, key), erase: change(true, (target) => [...key(target), '"examples"']) }
}

/** What somebody was told, or wrote, when a change was made: the trail and the registry keep it. */
function reasons({ sql }: RoomDeps): ErasureRoom {
  const counted = (trail: number, registry: number) => [
    ...(trail === 0 ? [] : [{ where: 'reasons in the trail', count: trail }]),
    ...(registry === 0 ? [] : [{ where: 'reasons of promotions', count: registry }]),
  ]
  return {
    room: 'reasons',
    find: async ({ subject: { key } }) =>
      counted((await findReasons(sql, key)).length, await reasonsThatName(sql, key, { write: false })),
    erase: async ({ subject: { key } }) =>
      counted(await eraseReasons(sql, key), await reasonsThatName(sql, key, { write: true })),
  }
}

function files({ lake, home, objects, flows }: RoomDeps): ErasureRoom {
  return {
    room: 'files',
    find: async ({ subject }) => (await findInFiles(home, subject)).map((where) => ({ where, count: 1 })),
    async erase({ subject }) {
      await lake.caches.sweep()
      // What a killed command has handed over for a delivery that never began. That of a run goes with it.
      const inUse = await flows.unfinishedTexts('ingest_month')
      const left = await collectHandedOver(objects, { inUse, beforeMs: Number.POSITIVE_INFINITY })
      const files = await eraseFromFiles(home, subject)
      return [...files, ...left.map(({ key }) => `object ${key}`)].map((where) => ({ where, count: 1 }))
    },
  }
}

const CONFIRM_MS_MAX = 5_000
const LOOK_EVERY_MS = 50

/** Tells every host, and waits a little for those that run. */
export async function tellHosts({ lake }: Pick<RoomDeps, 'lake'>): Promise<HostCopies[]> {
  await lake.caches.announce([])
  const until = performance.now() + CONFIRM_MS_MAX
  for (;;) {
    const caches = await lake.caches.list()
    if (caches.every((cache) => !cache.behind) || performance.now() > until) {
      return caches.map(({ host, folder, seenAt, behind }) => ({ host, folder, seenAt, confirmed: !behind }))
    }
    await sleep(LOOK_EVERY_MS)
  }
}
