import type { FastifyInstance } from 'fastify'
import { PlatformError } from '../../base/errors.ts'
import { doneAnswer, type PushRequest, pushRequest, type WriteRequest, writeRequest } from '../../wire/feast.ts'
import { missing, sendJson } from './refusals.ts'
import { type FeastDeps, feastRoute } from './route.ts'

/** `POST /push` and `/write-to-online-store`. */
export function writeRoutes(app: FastifyInstance, { features, project, append }: FeastDeps): void {
  const push = feastRoute({
    summary: 'Rows of a source, into the online store, the lake, or both',
    body: pushRequest,
    valuesLimit: 'rowsBodyValues',
    answers: { 200: doneAnswer },
  })
  app.post<{ Body: PushRequest }>('/push', push, async ({ body }, reply) => {
    const { push_source_name: name, df, to } = body
    const source = project.sources.find((s) => s.name === name)
    if (!source) throw missing('PushSourceNotFoundException', `Unable to find push source '${name}'`)
    if (to !== 'online') {
      if (source.kind === 'snapshot') {
        const says = `source '${name}' is of kind snapshot, which takes whole states by ingest; push to online only`
        throw new PlatformError('unsupported', says)
      }
      await append(name, await features.pushedRows(name, df))
    }
    if (to !== 'offline') await features.push(name, df)
    return sendJson(reply, 200, 'null')
  })

  const write = feastRoute({
    summary: 'Values of a feature view',
    body: writeRequest,
    valuesLimit: 'rowsBodyValues',
    answers: { 200: doneAnswer },
  })
  app.post<{ Body: WriteRequest }>('/write-to-online-store', write, async ({ body }, reply) => {
    await features.writeFeatures(body.feature_view_name, body.df)
    return sendJson(reply, 200, 'null')
  })
}
