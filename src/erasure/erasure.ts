/**
 * Erasure: takes a subject's data out of everything that Weir keeps, and keeps it out. A request is recorded first and then
 * done step by step, by a durable flow (pipelines/erase.ts): when its process dies another one resumes it, and asking again
 * completes what was interrupted. What each room does is the room's own (rooms.ts); here is the order.
 *
 * Owns the schema `erasure`. Invariants:
 * - From the moment that a request is recorded nothing of the subject comes in, by a delivery, a push or a write, until that is
 *   lifted. What was under way then is waited for.
 * - The lake is first, and whoever reads a file of before is waited for: nothing that is made from it afterwards can hold the
 *   subject. Then go what was made before: training sets, live values, statistics, findings, records of runs, files.
 * - Each step may run again. A request is done only when every room, asked again, finds nothing.
 * - When it is done, no table of ours says whose request it was: who asked, when and why stay, with an HMAC of the key.
 * - Somebody else's rows stay, with their order and their values; the snapshots keep the digests that they were recorded with.
 */
import { randomUUID } from 'node:crypto'
import type { Clock } from '../base/clock.ts'
import { PlatformError } from '../base/errors.ts'
import { instantOfMs } from '../base/instant.ts'
import { letGoOfWal, rewriteTables } from '../db/pages.ts'
import type { Database, Sql } from '../db/sql.ts'
import type { KeyInput } from '../features/define/keys.ts'
import type { FlowRun } from '../flows/flow.ts'
import { RECORD_TABLES } from '../flows/records.ts'
import { recordChange } from '../identity/audit.ts'
import type { Asked } from '../lake/suppression.ts'
import { TRACE_TABLES } from '../tracking/tracking.ts'
import {
  finishRequest,
  insertAffected,
  insertRequest,
  selectAffected,
  selectRequest,
  selectUnfinished,
  updateReport,
} from './queries.ts'
import type { ErasureReport, Place } from './report.ts'
import { type EraseTarget, type ErasureRoom, erasureRooms, type RoomDeps, tellHosts } from './rooms.ts'
import { subjectOf, type Target, waysOf } from './target.ts'

export type { ErasureReport, Place }

export type ErasureDeps = RoomDeps & {
  sql: Database
  clock: Clock
  /** Whether the database server is the one that Weir brings along. */
  embedded: boolean
}

export type EraseRequest = Asked & { entity: string; key: KeyInput }

export type Erasure = {
  /** Records the wish, from which moment on nothing of the subject comes in; gives the id of the request to do. */
  request(wish: EraseRequest): Promise<string>
  /** Does a request, each step through `step`, which may recall what it came to before. */
  run(id: string, step: FlowRun['step']): Promise<ErasureReport>
  /** Where a subject is, without changing anything. */
  find(entity: string, key: KeyInput): Promise<Place[]>
  /** Lets a subject come in again; refuses (not_found) when nothing holds it back. */
  lift(wish: EraseRequest): Promise<void>
}

/** Tables beside those of live values that a request writes to, or that held what it deletes. */
const TABLES = [
  'features.statistics',
  'identity.audit',
  'ingest.delivery',
  'monitoring.alert',
  'monitoring.silence',
  'registry.promotion_request',
  'registry.transition',
  ...RECORD_TABLES,
  ...TRACE_TABLES,
  'tracking.saved_view',
  'erasure.affected',
  'erasure.request',
]

export function createErasure(deps: ErasureDeps): Erasure {
  const { sql, lake, features, predictions, project, clock } = deps
  const rooms = erasureRooms(deps)
  const now = () => instantOfMs(clock.nowMs())

  /** Undefined when the request is done, by another run that was asked for it. */
  async function targetOf(id: string): Promise<EraseTarget | undefined> {
    const request = await selectRequest(sql, id)
    if (!request) throw new PlatformError('not_found', `there is no erasure request '${id}'`)
    if (request.key === null) return undefined
    const { entity, key, suppression, actor, reason } = request
    const joinKeys = project.entities.find((e) => e.name === entity)?.joinKeys ?? []
    const subject = { entity, joinKeys, key }
    return {
      subject,
      ways: waysOf(project, entity),
      affected: await selectAffected(sql, id),
      suppression,
      actor,
      reason,
    }
  }

  async function find(target: Target): Promise<Place[]> {
    const places: Place[] = []
    for (const { room, find } of rooms) places.push(...(await find(target)).map((place) => ({ room, ...place })))
    return places
  }

  async function eraseIn(id: string, { room, erase }: ErasureRoom): Promise<Place[]> {
    const target = await targetOf(id)
    return target ? (await erase(target)).map((place) => ({ room, ...place })) : []
  }

  async function run(id: string, step: FlowRun['step']): Promise<ErasureReport> {
    await step('wait for what is under way', async () => {
      await lake.work.pass()
      return null
    })
    const others = await step('find what came from it', async () => {
      const target = await targetOf(id)
      if (!target) return []
      const { subject, ways } = target
      await insertAffected(sql, id, await features.erasure.survey(subject, ways))
      return features.erasure.otherViews(subject, await selectAffected(sql, id))
    })
    const places: Place[] = []
    for (const room of rooms) places.push(...(await step(room.room, () => eraseIn(id, room))))
    for (const view of others) await step(`bring ${view} again`, () => bringAgain(view))
    const hosts = await step('hosts', () => tellHosts(deps))
    await step('look again', () => requireNothing(id))
    const tables = await step('tables', async () => {
      const target = await targetOf(id)
      const live = target ? await features.erasure.tables(target.subject, target.affected) : []
      return [...live, ...(await predictions.erasure.tables())]
    })
    const outside = outsideOf(deps)
    const report: ErasureReport = { places, hosts, pages: [], wal: null, outside }
    await step('finish', async () => {
      await sql.tx(async (tx) => {
        await finishRequest(tx, id, now(), report)
        const to = { places: places.length }
        await recordChange(tx, { action: 'erasure.done', on: onRequest(id), from: null, to })
      })
      return null
    })
    const pages = await step('pages', async () => {
      const done = await rewriteTables(sql.url, [...tables, ...TABLES])
      await predictions.erasure.rewritten(done.filter(({ fault }) => fault === null).map(({ table }) => table))
      return done
    })
    const wal = await step('log of writes', () => letGoOfWal(sql.url, deps.embedded))
    const whole = { ...report, pages, wal }
    await step('report', async () => {
      await updateReport(sql, id, whole)
      return null
    })
    return whole
  }

  /** As far as it was brought before: a row of another entity may have lost some of its values, and not all. */
  async function bringAgain(view: string): Promise<string> {
    const state = (await features.viewStates()).find((s) => s.view === view)
    if (!state?.materialized) return 'no live values'
    const { outcome } = await features.materializeOne(view, state.validAt ? { asOf: state.validAt } : {})
    return outcome
  }

  async function requireNothing(id: string): Promise<null> {
    const target = await targetOf(id)
    const left = target ? await find(target) : []
    if (left.length === 0) return null
    const where = left.map((place) => `${place.room}: ${place.where}`).join('; ')
    throw new PlatformError('conflict', `the erasure is not done, something is left in ${where}; ask again`)
  }

  return {
    async request({ entity, key, actor, reason }) {
      const subject = subjectOf(project, entity, key)
      return sql.tx(async (tx) => {
        const suppression = await lake.suppressions.add(tx, subject, { actor, reason })
        const unfinished = await selectUnfinished(tx, suppression)
        if (unfinished !== undefined) return unfinished
        const id = randomUUID()
        await insertRequest(tx, { id, suppression, entity, key: [...subject.key], actor, reason, askedAt: now() })
        await recordChange(tx, {
          action: 'erasure.asked',
          on: onRequest(id),
          from: null,
          to: { entity, suppression },
          why: reason,
        })
        return id
      })
    },
    run,
    async find(entity, key) {
      const subject = subjectOf(project, entity, key)
      const ways = waysOf(project, entity)
      return find({ subject, ways, affected: await features.erasure.survey(subject, ways) })
    },
    async lift({ entity, key, actor, reason }) {
      const record = (tx: Sql) =>
        recordChange(tx, {
          action: 'erasure.lifted',
          on: { kind: 'entity', name: entity },
          from: null,
          to: null,
          why: reason,
        })
      if (await lake.suppressions.lift(subjectOf(project, entity, key), { actor, reason }, record)) return
      throw new PlatformError(
        'not_found',
        `rows of this ${entity} are not suppressed: it was not erased, or the suppression was lifted`,
      )
    },
  }
}

/** Who it is stands nowhere in the trail. */
const onRequest = (id: string) => ({ kind: 'erasure', name: id })

function outsideOf({ project }: ErasureDeps): string[] {
  return [
    'what models have learned, and the categories of text that they know',
    'artifacts, parameters and tags that clients of MLflow have logged (their traces are looked through)',
    'backups, files that were exported, and files of deliveries where they lie',
    ...(project.tracking === null ? [] : [`runs on the MLflow server ${project.tracking}`]),
  ]
}
