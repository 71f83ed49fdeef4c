/**
 * Large artifacts in parts, several at a time, as MLflow's clients send and fetch them where
 * MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD and _DOWNLOAD are true. The parts come to this server, whatever the store is: no client needs a way to S3, and there is one door.
 */
import type { FastifyPluginAsync, FastifyRequest } from 'fastify'
import { UPLOAD_PARTS_MAX, type UploadedPart } from '../../lake/objects.ts'
import { checkArtifactPath } from '../../mlflow/artifact-uri.ts'
import { answerErrorsAsMlflow } from '../../mlflow/endpoint.ts'
import {
  type Fields,
  fieldsOf,
  invalid,
  objectList,
  optionalInteger,
  requiredInteger,
  requiredText,
} from '../../mlflow/read.ts'
import { listJson, textOrStream } from '../../wire/json-stream.ts'
import { limitOf, requireWithin } from '../../wire/limits.ts'
import type { Tracking } from '../tracking.ts'

type Path = { Params: { '*': string } }

export const ARTIFACT_BASES = ['/api/2.0/mlflow-artifacts', '/ajax-api/2.0/mlflow-artifacts']

export function artifactUploadRoutes(
  { artifacts }: Pick<Tracking, 'artifacts'>,
  { artifactBytesMax }: { artifactBytesMax: number },
): FastifyPluginAsync {
  const options = { schema: { hide: true }, bodyLimit: limitOf('uploadBodyBytes') }
  return async (app) => {
    answerErrorsAsMlflow(app)
    for (const base of ARTIFACT_BASES) {
      app.post<Path>(`${base}/mpu/create/*`, options, async (request, reply) => {
        const fields = fieldsOf(request.body)
        const path = fileOf(request.params['*'], fields)
        const count = optionalInteger(fields, 'num_parts') ?? 1
        if (count < 1 || count > UPLOAD_PARTS_MAX) throw invalid(`'num_parts' must be from 1 to ${UPLOAD_PARTS_MAX}`)
        const url = address(request, `${base}/mpu/part`, path)
        const headers = own(request)
        // The client wants address and credentials with every part: what is short once may be long 10,000 times.
        const bytes = count * (url.length + JSON.stringify(headers).length + PART_JSON_BYTES)
        requireWithin('uploadAnswerBytes', bytes, `the answer for ${count} parts, with path and Authorization in each,`)
        const uploadId = await artifacts.uploads.create(path)
        const items = partsJson(count, `${url}?upload_id=${encodeURIComponent(uploadId)}`, headers)
        const pieces = listJson({ before: { upload_id: uploadId }, name: 'credentials', items })
        return reply.type('application/json; charset=utf-8').send(await textOrStream(pieces))
      })
      app.post<Path>(`${base}/mpu/complete/*`, options, async (request) => {
        const fields = fieldsOf(request.body)
        const path = fileOf(request.params['*'], fields)
        const uploadId = requiredText(fields, 'upload_id')
        await artifacts.uploads.complete(path, uploadId, partsOf(fields), artifactBytesMax)
        return {}
      })
      app.post<Path>(`${base}/mpu/abort/*`, options, async (request) => {
        const fields = fieldsOf(request.body)
        await artifacts.uploads.abort(fileOf(request.params['*'], fields), requiredText(fields, 'upload_id'))
        return {}
      })
      // A client fetches from that address by ranges.
      app.get<Path>(`${base}/presigned/*`, options, async (request) => {
        const path = checkArtifactPath(request.params['*'])
        const { bytes } = await artifacts.stat(path)
        return { url: address(request, `${base}/artifacts`, path), headers: own(request), file_size: bytes }
      })
    }
  }
}

/** Of one part, beside address and headers. */
const PART_JSON_BYTES = 120
const PAGE_PARTS = 250

async function* partsJson(count: number, url: string, headers: object): AsyncGenerator<string[]> {
  for (let from = 0; from < count; from += PAGE_PARTS) {
    yield Array.from({ length: Math.min(PAGE_PARTS, count - from) }, (_, i) => {
      const number = from + i + 1
      return JSON.stringify({ url: `${url}&part_number=${number}`, part_number: number, headers })
    })
  }
}

export function partNumber(fields: Fields, name: string): number {
  const number = requiredInteger(fields, name)
  if (number >= 1 && number <= UPLOAD_PARTS_MAX) return number
  throw invalid(`'${name}' must be from 1 to ${UPLOAD_PARTS_MAX}`)
}

/** The address names the folder and `path` the caller's own file, of which the last part counts. */
function fileOf(folder: string, fields: Fields): string {
  const name = requiredText(fields, 'path').split(/[\\/]/).at(-1) ?? ''
  return checkArtifactPath(folder === '' ? name : `${folder.replace(/\/$/, '')}/${name}`)
}

function partsOf(fields: Fields): UploadedPart[] {
  const parts = objectList(fields, 'parts').map((part) => {
    return { number: partNumber(part, 'part_number'), tag: requiredText(part, 'etag', 1000) }
  })
  if (parts.length === 0) throw invalid("'parts' must list at least one part")
  const ascending = parts.every(({ number }, i) => i === 0 || number > parts[i - 1]!.number)
  if (!ascending) throw invalid("'parts' must be in ascending order of part_number, each once")
  return parts
}

/** Where the caller reaches this server, by its own words: the guard has checked the host. */
function address(request: FastifyRequest, base: string, path: string): string {
  const protocol = request.headers['x-forwarded-proto'] === 'https' ? 'https' : request.protocol
  return `${protocol}://${request.host}${base}/${path.split('/').map(encodeURIComponent).join('/')}`
}

/** The client sends a part without its own credentials, only with these: what it sent us just now. */
function own(request: FastifyRequest): Record<string, string> {
  const { authorization } = request.headers
  return authorization ? { Authorization: authorization } : {}
}
