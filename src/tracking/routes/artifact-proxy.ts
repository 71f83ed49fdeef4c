/** The artifact proxy: raw bytes, streamed both ways; a body is never read into memory and never parsed. */
import { Transform } from 'node:stream'
import type { FastifyPluginAsync, FastifyRequest } from 'fastify'
import { PlatformError } from '../../base/errors.ts'
import { longPage } from '../../db/long-work.ts'
import { answerErrorsAsMlflow } from '../../mlflow/endpoint.ts'
import { fieldsOf, optionalText, requiredText } from '../../mlflow/read.ts'
import { textOrStream } from '../../wire/json-stream.ts'
import { RAW_BODY } from '../../wire/raw-body.ts'
import type { Tracking } from '../tracking.ts'
import { ARTIFACT_BASES, partNumber } from './artifact-uploads.ts'
import { fileList } from './artifacts.ts'
import { sendArtifact } from './send-artifact.ts'

type Path = { Params: { '*': string } }

const schema = { hide: true }
/** Bytes that nobody parses, at the caller's speed (http/bodies.ts, http/connections.ts). */
const raw = { schema, config: RAW_BODY }

export function artifactProxyRoutes(
  { artifacts }: Pick<Tracking, 'artifacts'>,
  { artifactBytesMax }: { artifactBytesMax: number },
): FastifyPluginAsync {
  return async (app) => {
    answerErrorsAsMlflow(app)
    app.removeAllContentTypeParsers()
    // What the bytes are is nobody's business, and a caller's guess may be none that HTTP knows.
    app.addHook('onRequest', async (request) => {
      request.headers['content-type'] = 'application/octet-stream'
    })
    app.addContentTypeParser('*', (_request, payload, done) => done(null, payload))

    for (const base of ARTIFACT_BASES) {
      app.get(`${base}/artifacts`, { schema }, async (request, reply) => {
        const path = optionalText(fieldsOf(request.query), 'path') ?? ''
        const { pieces } = fileList(await longPage(() => artifacts.list(path)))
        return reply.type('application/json; charset=utf-8').send(await textOrStream(pieces))
      })
      app.get<Path>(`${base}/artifacts/*`, { schema }, (request, reply) =>
        sendArtifact(artifacts, request.params['*'], request, reply),
      )
      app.put<Path>(`${base}/artifacts/*`, raw, async (request, reply) => {
        // What is refused is not read to its end, so the connection cannot serve another request.
        const path = request.params['*']
        await artifacts.put(path, bodyOf(request, artifactBytesMax)).catch((error: unknown) => {
          reply.header('connection', 'close')
          throw error
        })
        return {}
      })
      app.delete<Path>(`${base}/artifacts/*`, { schema }, async (request) => {
        await artifacts.removeOpen(request.params['*'])
        return {}
      })
      // The address that artifact-uploads.ts gave for one part of a file.
      app.put<Path>(`${base}/mpu/part/*`, raw, async (request, reply) => {
        const fields = fieldsOf(request.query)
        const number = partNumber(fields, 'part_number')
        const body = bodyOf(request, artifactBytesMax)
        const tag = await artifacts.uploads
          .part(request.params['*'], requiredText(fields, 'upload_id'), number, body, artifactBytesMax)
          .catch((error: unknown) => {
            reply.header('connection', 'close')
            throw error
          })
        return reply.header('etag', tag).send({})
      })
    }
  }
}

/** The body as it comes in, refused as soon as it is known to be too long. */
function bodyOf(request: FastifyRequest, bytesMax: number): AsyncIterable<Uint8Array> {
  const refusal = () => new PlatformError('too_large', `an artifact may have at most ${bytesMax} bytes`)
  if (Number(request.headers['content-length'] ?? 0) > bytesMax) throw refusal()
  let bytes = 0
  const counted = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length
      if (bytes > bytesMax) done(refusal())
      else done(null, chunk)
    },
  })
  request.raw.once('aborted', () => counted.destroy(new PlatformError('invalid_argument', 'the upload was cut off')))
  return request.raw.pipe(counted)
}
