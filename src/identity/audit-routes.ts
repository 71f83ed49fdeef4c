import type {} from '@fastify/swagger'
import type { FastifyPluginAsync } from 'fastify'
import { parseInstant } from '../base/instant.ts'
import * as wire from '../wire/audit.ts'
import { nextPageToken, pageOfQuery } from '../wire/page.ts'
import { routeOptions } from '../wire/route.ts'
import { ACTIONS } from './audit-actions.ts'
import { type Entry, parseAt, parseHead, type Standing, type Trail } from './trail.ts'

/** `GET /audit`, `/audit/live`, `/audit/verify`. */
export function auditRoutes(trail: Trail): FastifyPluginAsync {
  return async (app) => {
    const list = routeOptions({
      tag: 'state',
      summary: 'Who changed what, newest first',
      query: wire.auditQuery,
      answers: { 200: wire.auditAnswer },
    })
    app.get<{ Querystring: wire.AuditQuery }>('/audit', list, async ({ query }) => {
      const { limit, before } = pageOfQuery(query)
      const { model, actor, action, on } = query
      const since = query.since === undefined ? undefined : parseInstant(query.since, 'since')
      const until = query.until === undefined ? undefined : parseAt(query.until)
      const entries = await trail.entries({ model, actor, action, on, since, until, limit, before })
      const next = nextPageToken(entries, limit, ({ seq }) => seq)
      return { entries: entries.map(entryJson), next_page_token: next }
    })

    const live = routeOptions({
      tag: 'state',
      summary: 'What was live at a moment, each stage and alias, and who put it there; also of models since deleted',
      query: wire.liveQuery,
      answers: { 200: wire.liveAnswer },
    })
    app.get<{ Querystring: wire.LiveQuery }>('/audit/live', live, async ({ query }) => {
      const at = parseAt(query.at)
      const { standing, begins } = await trail.liveAt(at, query.model)
      return { at, trail_begins: begins, standing: standing.map(standingJson) }
    })

    const verify = routeOptions({
      tag: 'state',
      summary: 'Whether the trail is whole: a changed, missing, inserted or cut-off row is found',
      query: wire.verifyQuery,
      answers: { 200: wire.verifyAnswer },
    })
    app.get<{ Querystring: wire.VerifyQuery }>('/audit/verify', verify, async ({ query }) => {
      const { rows, head, noted, reasonsErased, faults } = await trail.verify(
        query.head === undefined ? [] : [parseHead(query.head)],
      )
      return { whole: faults.length === 0, rows, head, noted, reasons_erased: reasonsErased, faults }
    })
  }
}

export function entryJson(entry: Entry): wire.AuditEntry {
  const { actorKind, onKind, onName, whyErased, ...rest } = entry
  const says = (ACTIONS as Record<string, string>)[entry.action] ?? entry.action
  return { ...rest, actor_kind: actorKind, says, on: { kind: onKind, name: onName }, why_erased: whyErased }
}

export function standingJson({ deletedAt, renamedTo, ...standing }: Standing): wire.LiveAnswer['standing'][number] {
  return { ...standing, deleted_at: deletedAt, renamed_to: renamedTo }
}
