import type {} from '@fastify/swagger'
import type { FastifyPluginAsync } from 'fastify'
import { PlatformError } from '../../base/errors.ts'
import * as wire from '../../wire/alerts.ts'
import { nextPageToken, pageOfQuery } from '../../wire/page.ts'
import { routeOptions } from '../../wire/route.ts'
import type { AlertRow, Alerts, SilenceRow } from './alerts.ts'
import type { Standing } from './standing.ts'

/** `GET /alerts`, `/alerts/rules`, `/alerts/silences`, and what people do about them. */
export function alertRoutes(alerts: Alerts): FastifyPluginAsync {
  return async (app) => {
    const list = routeOptions({
      ...{ tag: 'monitoring', summary: 'Alerts, the newest first', query: wire.alertsQuery },
      answers: { 200: wire.alertsAnswer },
    })
    app.get<{ Querystring: wire.AlertsAsked }>('/alerts', list, async ({ query }) => {
      const { limit, before } = pageOfQuery(query)
      const asked = { state: query.state ?? ('open' as const), rule: query.rule ?? null, before, limit: limit + 1 }
      const rows = await alerts.list(asked)
      const next_page_token = nextPageToken(rows, limit, ({ id }) => id)
      return { alerts: rows.map(alertShown), next_page_token }
    })

    const rules = routeOptions({
      ...{
        tag: 'monitoring',
        summary: 'The rules of the project file and who is told of them',
        answers: { 200: wire.rulesAnswer },
      },
    })
    app.get('/alerts/rules', rules, async () => rulesShown(await alerts.standing()))

    const known = routeOptions({
      ...{ tag: 'monitoring', summary: 'Say that an alert is known; it stays open', params: wire.alertParams },
      ...{ body: wire.acknowledgeRequest, answers: { 200: wire.alertShown }, errors: [404, 409] },
    })
    type Known = { Params: wire.AlertParams; Body: wire.AcknowledgeRequest }
    app.post<Known>('/alerts/:id/acknowledge', known, async ({ params, body }) =>
      alertShown(await alerts.acknowledge(numberOf(params.id, 'alert'), body.why ?? null)),
    )

    const silences = routeOptions({
      ...{ tag: 'monitoring', summary: 'What nobody is told of now', answers: { 200: wire.silencesAnswer } },
    })
    app.get('/alerts/silences', silences, async () => ({ silences: (await alerts.silences()).map(silenceShown) }))

    const silence = routeOptions({
      ...{ tag: 'monitoring', summary: 'Tell nobody of a rule, or of any, for a while', body: wire.silenceRequest },
      ...{ answers: { 201: wire.silence }, errors: [404] },
    })
    app.post<{ Body: wire.SilenceRequest }>('/alerts/silences', silence, async ({ body }, reply) => {
      const made = await alerts.silence({ rule: body.rule, lasts: body.for, why: body.why ?? null })
      return reply.code(201).send(silenceShown(made))
    })

    const end = routeOptions({
      ...{ tag: 'monitoring', summary: 'End a silence before its time', params: wire.alertParams },
      body: wire.plainRequest,
      ...{ answers: { 200: wire.silence }, errors: [404] },
    })
    app.post<{ Params: wire.AlertParams }>('/alerts/silences/:id/end', end, async ({ params }) =>
      silenceShown(await alerts.unsilence(numberOf(params.id, 'silence'))),
    )

    const trial = routeOptions({
      ...{ tag: 'monitoring', summary: 'Send a message to try a channel', params: wire.channelParams },
      body: wire.plainRequest,
      ...{ answers: { 200: wire.triedAnswer }, errors: [404] },
    })
    app.post<{ Params: wire.ChannelParams }>('/alerts/channels/:name/try', trial, async ({ params }) => {
      await alerts.tryChannel(params.name)
      return { sent: true as const }
    })
  }
}

function numberOf(text: string, what: string): number {
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text)
  throw new PlatformError('not_found', `there is no ${what} '${text.slice(0, 40)}'`)
}

export function alertShown(row: AlertRow): wire.AlertShown {
  const { id, rule, severity, metric, onKind, onName, part, arm, version, state, value, threshold, says, next } = row
  const { acknowledgedAt: at, acknowledgedBy: by } = row
  return {
    ...{ id, rule, severity, metric, on: { kind: onKind, name: onName }, part, arm, version },
    ...{
      state: state === 'over' ? 'over' : 'open',
      wrong_since: row.wrongSince,
      opened_at: row.openedAt ?? row.wrongSince,
    },
    ...{ over_at: row.overAt, told_at: row.toldAt, value, threshold, says, next },
    acknowledged: at === null || by === null ? null : { at, by, why: row.acknowledgedWhy },
  }
}

function silenceShown({ id, rule, until, why, madeBy, madeAt }: SilenceRow): wire.SilenceShown {
  return { id, rule, until, why, by: madeBy, at: madeAt }
}

export function rulesShown({ rules, channels }: Standing): wire.RulesAnswer {
  return { rules: rules.map(({ silencedUntil, ...rule }) => ({ ...rule, silenced_until: silencedUntil })), channels }
}
