/**
 * time: what a source, a view, an entity or a training set looked like at (valid_at, known_at), and what differs between two
 * such settings.
 *
 * Promise: rows are those that a training set reads and a table is filled with: the same functions pick the snapshot and the
 * newest change (offline/snapshot-selection.ts, offline/view-rows.ts, offline/join.ts), and nothing here knows time by itself.
 * What came in after known_at changes no answer, but for an erasure, which takes a person out of every past too. A page names
 * the moments that it is of, so that its pages are of one state. Nothing is kept: an answer leaves no file and no row behind.
 */

import type { Clock } from '../../base/clock.ts'
import { PlatformError } from '../../base/errors.ts'
import { displayInstant, type Instant, instantOfMs } from '../../base/instant.ts'
import { requirePast } from '../../base/past.ts'
import type { Project } from '../../config/project.ts'
import { longPage } from '../../db/long-work.ts'
import type { Duck, DuckSession } from '../../lake/duck.ts'
import type { Lake } from '../../lake/lake.ts'
import type { HistoryAnswer, KeysAnswer } from '../../wire/entities.ts'
import { limitOf } from '../../wire/limits.ts'
import type { DifferencesAnswer, MomentsAnswer, RowsAnswer, TimeKind } from '../../wire/time.ts'
import type { Catalogue } from '../define/catalogue.ts'
import type { JoinMode } from '../offline/snapshot-selection.ts'
import { commandOf } from './command.ts'
import { differencesOf } from './differences.ts'
import { ENTITY_COLUMNS, entityAt } from './entity-at.ts'
import { entityDifferences } from './entity-differences.ts'
import { entityHistory } from './entity-history.ts'
import { entityKeys } from './entity-keys.ts'
import { momentsOf } from './moments.ts'
import { answeredColumns, answeredRow, bySeqOf, countRows } from './read-rows.ts'
import { namedIn, readOf } from './reads.ts'
import { isAmbiguous, type Subject, subjectOf } from './subject.ts'
import { columnsOf, tableAt } from './table-at.ts'
import type { Setting } from './view-at.ts'

export type TimeRequest = {
  kind: TimeKind
  name: string
  key?: string | undefined
  /** The newest moment where left out. */
  validAt?: Instant | undefined
  /** All that is recorded where left out. */
  knownAt?: Instant | undefined
  mode?: JoinMode | undefined
}
export type Page = { limit: number; offset: number }
export type OtherSetting = { validAt?: Instant | undefined; knownAt?: Instant | undefined }

export type TimeMachine = {
  rows(request: TimeRequest, page: Page): Promise<RowsAnswer>
  /** From the setting of the request (a) to the other one (b). */
  differences(request: TimeRequest, other: OtherSetting, page: Page): Promise<DifferencesAnswer>
  moments(request: Pick<TimeRequest, 'kind' | 'name' | 'mode'>): Promise<MomentsAnswer>
  history(entity: string, key: string, page: { before: number | null; limit: number }): Promise<HistoryAnswer>
  keys(entity: string, prefix: string, limit: number): Promise<KeysAnswer>
}

type Deps = { lake: Lake; duck: Duck; project: Project; clock: Clock; catalogue: Catalogue }

export function createTimeMachine(deps: Deps): TimeMachine {
  const { lake, duck, project, clock } = deps
  const named = (kind: TimeKind, name: string) => subjectOf(deps, kind, name)
  /** Reads of the lake: an erasure waits for them, and a few run at a time. */
  const reading = <T>(body: (session: DuckSession) => Promise<T>) =>
    longPage(() => lake.work.during(() => duck.session(body)))

  async function settingOf(session: DuckSession, subject: Subject, asked: TimeRequest): Promise<Setting> {
    // Taken where nobody names one: only a moment that was taken keeps later commits out.
    const now = asked.knownAt === undefined ? await lake.pinKnownAt() : await lake.moment()
    const { validAt, knownAt = now, mode = 'restated' } = asked
    if (knownAt > now) {
      const says = `known_at ${displayInstant(knownAt)} is in the future (now it is ${displayInstant(now)}); leave it out to mean now`
      throw new PlatformError('invalid_argument', says)
    }
    if (validAt !== undefined) return { validAt: requirePast(validAt, clock, 'valid_at'), knownAt, mode }
    const { valid } = await momentsOf({ ...deps, session }, subject, {
      now: instantOfMs(clock.nowMs()),
      mode: 'restated',
    })
    // Where a value expires is no newest moment of it.
    const newest = valid.findLast((stop) => stop.kinds.some((kind) => kind !== 'expires'))
    return { validAt: newest?.at ?? now, knownAt, mode }
  }

  function said(
    subject: Subject,
    key: string | null,
    setting: Setting,
    other?: { validAt: Instant; knownAt: Instant },
  ) {
    const { kind, name } = subject
    const command = commandOf({
      kind,
      name,
      key,
      ambiguous: isAmbiguous(project, name),
      ...setting,
      ...(other ? { other } : {}),
    })
    return { of: { kind, name, key }, command }
  }

  return {
    rows: (request, page) =>
      reading(async (session) => {
        const subject = named(request.kind, request.name)
        const setting = await settingOf(session, subject, request)
        const key = request.key ?? null
        const head = {
          ...said(subject, key, setting),
          valid_at: setting.validAt,
          known_at: setting.knownAt,
          mode: setting.mode,
        }
        if (subject.kind === 'entities') {
          const { rows, snapshots } = await entityAt({ lake, session }, subject, setting, requireKey(key, subject))
          const part = rows.slice(page.offset, page.offset + page.limit)
          const next = nextOffset(page, rows.length)
          const none = { row_count: rows.length, left_out: { deleted: 0, unnamed: 0 }, note: null }
          return {
            ...head,
            columns: ENTITY_COLUMNS,
            rows: part,
            ...none,
            ...(await readOf(lake, snapshots)),
            next_page_token: next,
          }
        }
        const table = await tableAt({ ...deps, session }, subject, setting, key)
        const bounds = boundedPage(page, table.keys.length + table.values.length)
        const { rows: count, deleted } = await countRows(session, table.sql)
        const order = table.order.length > 0 ? `ORDER BY ${table.order.join(', ')}` : ''
        const found = await session.rows<Record<string, unknown>>(
          `SELECT ${answeredColumns(table).join(', ')} FROM (${table.sql}) WHERE _status <> 'DELETED' ${order}
           LIMIT ${bounds.limit} OFFSET ${bounds.offset}`,
        )
        const bySeq = bySeqOf([table])
        const rows = found.map((row) => answeredRow(row, table.keys.length + table.values.length, bySeq))
        return {
          ...head,
          columns: columnsOf(table),
          row_count: count,
          left_out: { deleted, unnamed: table.fileRows === null ? 0 : table.fileRows - count },
          rows,
          ...(await readOf(lake, namedIn(rows, table.snapshots), table.reads)),
          note: table.note ?? (count === 0 && key !== null ? 'this key is not known there' : null),
          next_page_token: nextOffset(bounds, count),
        }
      }),

    differences: (request, other, page) =>
      reading(async (session) => {
        const subject = named(request.kind, request.name)
        const a = await settingOf(session, subject, request)
        const b = await settingOf(session, subject, {
          ...request,
          validAt: other.validAt ?? a.validAt,
          knownAt: other.knownAt ?? a.knownAt,
        })
        const key = request.key ?? null
        const head = { ...said(subject, key, a, b), mode: a.mode }
        const side = ({ validAt, knownAt }: Setting, row_count: number, note: string | null) => {
          return { valid_at: validAt, known_at: knownAt, row_count, note }
        }
        if (subject.kind === 'entities') {
          const text = requireKey(key, subject)
          const [left, right] = [
            await entityAt({ lake, session }, subject, a, text),
            await entityAt({ lake, session }, subject, b, text),
          ]
          const found = entityDifferences(left.rows, right.rows)
          const rows = found.rows.slice(page.offset, page.offset + page.limit)
          const read = await readOf(lake, [...left.snapshots, ...right.snapshots])
          const sides = { a: side(a, left.rows.length, null), b: side(b, right.rows.length, null) }
          return { ...head, ...found, ...sides, rows, ...read, next_page_token: nextOffset(page, found.rows.length) }
        }
        const left = await tableAt({ ...deps, session }, subject, a, key)
        await session.run(`CREATE OR REPLACE TEMP TABLE at_a AS SELECT * FROM (${left.sql}) WHERE _status <> 'DELETED'`)
        const right = await tableAt({ ...deps, session }, subject, b, key)
        await session.run(
          `CREATE OR REPLACE TEMP TABLE at_b AS SELECT * FROM (${right.sql}) WHERE _status <> 'DELETED'`,
        )
        requireSameKeys(left.keys, right.keys)
        const bounds = boundedPage(page, 2 * Math.max(left.values.length, right.values.length))
        const found = await differencesOf(session, left, right, bySeqOf([left, right]), bounds)
        const { added, removed, changed, same } = found.counts
        const rows = found.rows.flatMap((row) => [row.a, row.b]).filter((row) => row !== null)
        const read = await readOf(lake, namedIn(rows, [...left.snapshots, ...right.snapshots]), [
          ...left.reads,
          ...right.reads,
        ])
        return {
          ...head,
          a: side(a, same + changed + removed, left.note),
          b: side(b, same + changed + added, right.note),
          ...found,
          ...read,
          next_page_token: nextOffset(bounds, added + removed + changed),
        }
      }),

    moments: ({ kind, name, mode = 'restated' }) =>
      reading(async (session) => {
        const found = await momentsOf({ ...deps, session }, named(kind, name), {
          now: instantOfMs(clock.nowMs()),
          mode,
        })
        return { of: { kind, name, key: null }, ...found }
      }),

    history: (entity, key, { before, limit }) =>
      reading(async (session) => {
        const subject = named('entities', entity) as Extract<Subject, { kind: 'entities' }>
        const {
          facts,
          before: next,
          cut,
        } = await entityHistory({ lake, session }, subject, key, { before, snapshots: limit })
        const views = subject.views.map(({ name, source, features }) => {
          return { view: name, source, features: features.map((f) => ({ name: f.name, type: f.type })) }
        })
        return { entity, key, views, facts, cut, next_page_token: next === null ? null : String(next) }
      }),

    keys: (entity, prefix, limit) =>
      reading(async (session) => {
        const subject = named('entities', entity) as Extract<Subject, { kind: 'entities' }>
        return { entity, ...(await entityKeys({ lake, session }, subject, prefix, limit)) }
      }),
  }
}

/** A page of a wide table has fewer rows. */
function boundedPage({ limit, offset }: Page, columns: number): Page {
  return { limit: Math.max(1, Math.min(limit, Math.floor(limitOf('pageCells') / Math.max(1, columns)))), offset }
}

function requireKey(key: string | null, { name, joinKeys }: Extract<Subject, { kind: 'entities' }>): string {
  if (key !== null) return key
  const parts = joinKeys.map((k) => k.name).join(', ')
  throw new PlatformError('invalid_argument', `name the ${name} whose values are meant: its key (${parts})`)
}

/** A source whose key is another one since: rows cannot be told to be the same. */
function requireSameKeys(a: readonly { name: string; type: string }[], b: typeof a): void {
  const text = (keys: typeof a) => keys.map((key) => `${key.name} ${key.type}`).join(', ')
  if (text(a) === text(b)) return
  const says = `rows of the two settings are named by different keys (${text(a)}; ${text(b)}) and cannot be compared`
  throw new PlatformError('conflict', says)
}

function nextOffset({ limit, offset }: Page, count: number): string | null {
  return offset + limit < count ? String(offset + limit) : null
}
