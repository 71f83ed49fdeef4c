import type {} from '@fastify/swagger'
import type { FastifyPluginAsync } from 'fastify'
import { PlatformError } from '../../base/errors.ts'
import { PIECE_CHARS, textOrStream } from '../../wire/json-stream.ts'
import { limitOf, requireWithin, shown } from '../../wire/limits.ts'
import { routeOptions } from '../../wire/route.ts'
import { type SeriesQuery, seriesAnswer, seriesQuery } from '../../wire/series.ts'
import { type Curve, type CurvesRequest, KEPT_POINTS } from '../curves/curves.ts'
import { POINTS_MIN } from '../curves/thin.ts'
import type { Tracking } from '../tracking.ts'

/** `GET /series`: the curves of many runs, each thinned to so many points with all its least and greatest values. */
export function seriesRoutes({ curves }: Pick<Tracking, 'curves'>): FastifyPluginAsync {
  return async (app) => {
    const options = routeOptions({
      tag: 'experiments',
      summary: 'The curves of many runs, thinned for a page',
      description:
        'Of each stretch of x a curve keeps its first and last point, its least and its greatest value, and one that is no number. A curve with no more points than asked for is whole. Stretches are the same for all curves of equal width, and stay when a curve grows.',
      query: seriesQuery,
      answers: { 200: seriesAnswer },
    })
    app.get<{ Querystring: SeriesQuery }>('/series', options, async (request, reply) => {
      const asked = requestOf(request.query)
      const found = await curves.read(asked)
      reply.header('content-type', 'application/json; charset=utf-8')
      return reply.send(await textOrStream(pieces(asked, found)))
    })
  }
}

function requestOf(query: SeriesQuery): CurvesRequest {
  const [runIds, keys] = [unique(query.run), unique(query.key)]
  requireWithin('historyRuns', runIds.length, 'the list of runs')
  requireWithin('seriesKeys', keys.length, 'the list of metrics')
  const room = Math.floor(limitOf('seriesPoints') / Math.max(1, runIds.length * keys.length))
  const most = query.points === undefined ? Math.min(KEPT_POINTS, room) : Number(query.points)
  requireWithin('historySteps', most, 'points')
  if (most < POINTS_MIN) {
    throw new PlatformError('invalid_argument', `points is ${shown(query.points)}; a curve has ${POINTS_MIN} or more`)
  }
  requireWithin('seriesPoints', most * runIds.length * keys.length, 'what all curves together may have')
  return { runIds, keys, by: query.x ?? 'step', most }
}

function unique(given: string | string[]): string[] {
  return [...new Set([given].flat())]
}

async function* pieces({ by, most }: CurvesRequest, curves: readonly Curve[]): AsyncGenerator<string> {
  let piece = `{"x":"${by}","most":${most},"series":[`
  for (const [i, curve] of curves.entries()) {
    piece += `${i === 0 ? '' : ','}${curveText(curve)}`
    if (piece.length < PIECE_CHARS) continue
    yield piece
    piece = ''
  }
  yield `${piece}]}`
}

function curveText({ runId, key, points, x, values }: Curve): string {
  const head = `"run":${JSON.stringify(runId)},"key":${JSON.stringify(key)},"points":${points},"thinned":${points > x.length}`
  return `{${head},"x":[${x.join(',')}],"values":[${Array.from(values, numberText).join(',')}]}`
}

/** JSON has none of the three that are no numbers; all others are the shortest text that reads as the same double. */
function numberText(value: number): string {
  return Number.isFinite(value) ? String(value) : `"${value}"`
}
