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
import type { DifferencesAnswer, MomentsAnswer, RowsAnswer, TimeKind } from '../../wire/time.ts'
import type { Catalogue } from '../define/catalogue.ts'
import type { JoinMode } from '../offline/snapshot-selection.ts'
import { answerDifferences } from './answer-differences.ts'
import { answerRows } from './answer-rows.ts'
import { commandOf } from './command.ts'
import { entityHistory } from './entity-history.ts'
import { entityKeys } from './entity-keys.ts'
import { momentsOf } from './moments.ts'
import type { Page } from './pages.ts'
import { isAmbiguous, type Subject, subjectOf } from './subject.ts'
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
        const key = request.key ?? null
        const setting = await settingOf(session, subject, request)
        const { validAt, knownAt, mode } = setting
        const answer = await answerRows({ ...deps, session }, subject, setting, key, page)
        return { ...said(subject, key, setting), valid_at: validAt, known_at: knownAt, mode, ...answer }
      }),

    differences: (request, other, page) =>
      reading(async (session) => {
        const subject = named(request.kind, request.name)
        const key = request.key ?? null
        const a = await settingOf(session, subject, request)
        const { validAt = a.validAt, knownAt = a.knownAt } = other
        const b = await settingOf(session, subject, { ...request, validAt, knownAt })
        const answer = await answerDifferences({ ...deps, session }, subject, { a, b }, key, page)
        return { ...said(subject, key, a, b), mode: a.mode, ...answer }
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
