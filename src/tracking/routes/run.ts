import type {} from '@fastify/swagger'
import type { FastifyPluginAsync } from 'fastify'
import { type ComparisonQuery, comparisonAnswer, comparisonQuery } from '../../wire/comparison.ts'
import { exactJson } from '../../wire/exact-json.ts'
import { limitOf, requireWithin } from '../../wire/limits.ts'
import { routeOptions } from '../../wire/route.ts'
import * as wire from '../../wire/run.ts'
import { htmlOf, pictureOf, previewOf } from '../preview/preview.ts'
import type { Tracking } from '../tracking.ts'

type Of<Query> = { Params: wire.RunParams; Querystring: Query }

/** What one run logged, and what a page shows of its files. A file as it is: `/get-artifact`, which a browser only saves. */
export function runRoutes({
  runPage,
  artifacts,
  compare,
}: Pick<Tracking, 'runPage' | 'artifacts' | 'compare'>): FastifyPluginAsync {
  return async (app) => {
    const [tag, params] = ['experiments' as const, wire.runParams]
    const about = routeOptions({
      tag,
      summary: 'One run: what it logged, with the ends of each metric, what it used, and its nested runs',
      params,
      answers: { 200: wire.runAnswer },
      errors: [404],
    })
    app.get<{ Params: wire.RunParams }>('/runs/:run', about, async ({ params: { run } }, reply) => {
      const answer = await runPage.about(run)
      reply.header('content-type', 'application/json; charset=utf-8')
      return exactJson(answer)
    })

    const comparison = routeOptions({
      tag,
      summary: 'What differs between a few runs',
      query: comparisonQuery,
      answers: { 200: comparisonAnswer },
    })
    app.get<{ Querystring: ComparisonQuery }>('/runs/compare', comparison, ({ query: { run, all } }) => {
      const runIds = [...new Set([run].flat())]
      requireWithin('historyRuns', runIds.length, 'the list of runs')
      return compare(runIds, { all: all === 'true' })
    })

    const files = routeOptions({
      tag,
      summary: 'The files of a run in one folder',
      params,
      query: wire.filesQuery,
      answers: { 200: wire.filesAnswer },
      errors: [404],
    })
    app.get<Of<wire.FilesQuery>>('/runs/:run/files', files, async ({ params: { run }, query: { path = '' } }) => {
      const found = (await artifacts.listOfRun(run, path)).files
      const sorted = found.sort((a, b) => Number(b.isDir) - Number(a.isDir) || (a.path < b.path ? -1 : 1))
      const shown = sorted.slice(0, limitOf('listItems'))
      const answer: wire.FilesAnswer = {
        path,
        files: shown.map(({ path: of, isDir, bytes }) => ({ path: of, folder: isDir, bytes })),
        in_all: found.length,
      }
      return answer
    })

    const preview = routeOptions({
      tag,
      summary: 'The first part of a file, as data: text, JSON, Markdown, rows of a table',
      description: 'By what is in the file; HTML and scripts in it stay text.',
      params,
      query: wire.fileQuery,
      answers: { 200: wire.previewAnswer },
      errors: [404],
    })
    app.get<Of<wire.FileQuery>>('/runs/:run/preview', preview, ({ params: { run }, query: { path } }) =>
      previewOf(artifacts, run, path),
    )

    const picture = routeOptions({
      tag,
      summary: 'An image of a run, to be shown as one',
      description: 'PNG, JPEG, GIF, WebP or SVG by its bytes, whatever its name says. An SVG runs nothing.',
      params,
      query: wire.fileQuery,
      answers: { 200: { type: 'image/*', description: 'The image.' } },
      errors: [404],
    })
    app.get<Of<wire.FileQuery>>('/runs/:run/picture', picture, async ({ params: { run }, query: { path } }, reply) => {
      const { type, bytes } = await pictureOf(artifacts, run, path)
      return reply.headers({ ...SAFE, 'content-type': type, 'content-security-policy': PICTURE }).send(bytes)
    })

    const html = routeOptions({
      tag,
      summary:
        'An HTML file of a run, for a frame: without an origin, without a network, and without scripts unless asked for',
      params,
      query: wire.htmlQuery,
      answers: { 200: { type: 'text/html', description: 'The file, with a policy that keeps it apart.' } },
      errors: [404],
    })
    app.get<Of<wire.HtmlQuery>>('/runs/:run/html', html, async ({ params: { run }, query }, reply) => {
      const bytes = await htmlOf(artifacts, run, query.path)
      const policy = query.scripts === 'true' ? HTML_WITH_SCRIPTS : HTML
      const headers = { ...SAFE, 'content-type': 'text/html; charset=utf-8', 'content-security-policy': policy }
      return reply.headers(headers).send(bytes)
    })
  }
}

const SAFE = { 'x-content-type-options': 'nosniff', 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' }
const PICTURE = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
const ITS_OWN =
  "default-src 'none'; img-src data: blob:; style-src 'unsafe-inline'; font-src data:; form-action 'none'; base-uri 'none'; frame-ancestors 'self'"
const HTML = `${ITS_OWN}; sandbox`
/** In an origin that is nobody's: no cookie, no storage, nothing to ask for. */
const HTML_WITH_SCRIPTS = `${ITS_OWN}; script-src 'unsafe-inline' 'unsafe-eval' blob: data:; sandbox allow-scripts`
