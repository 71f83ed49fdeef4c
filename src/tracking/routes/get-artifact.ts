/** Single files by query, as MLflow's own pages ask for them and send them. */
import type { FastifyInstance, FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import { PlatformError } from '../../base/errors.ts'
import { checkArtifactPath, proxyPathOf } from '../../mlflow/artifact-uri.ts'
import { answerErrorsAsMlflow } from '../../mlflow/endpoint.ts'
import { type Fields, fieldsOf, invalid, optionalText, requiredText } from '../../mlflow/read.ts'
import { limitOf, overLimit } from '../../wire/limits.ts'
import { RAW_BODY } from '../../wire/raw-body.ts'
import { SPANS_FILE } from '../traces/traces.ts'
import type { Tracking } from '../tracking.ts'
import { runIdOf } from './request.ts'
import { sendArtifact } from './send-artifact.ts'

/** Where the files of a registered version lie; the registry knows it. */
export type FilesOfVersion = (name: string, version: string) => Promise<string>

type Deps = Pick<Tracking, 'artifacts' | 'traces' | 'loggedModels'> & { filesOfVersion?: FilesOfVersion }

const schema = { hide: true }

export function getArtifactRoutes({ artifacts, traces, loggedModels, filesOfVersion }: Deps): FastifyPluginAsync {
  return async (app) => {
    answerErrorsAsMlflow(app)
    const get = (path: string, place: (fields: Fields) => Promise<string>) => {
      const answer = async (request: FastifyRequest, reply: FastifyReply) =>
        sendArtifact(artifacts, await place(fieldsOf(request.query)), request, reply)
      for (const base of ['', '/ajax-api/2.0/mlflow']) app.get(`${base}/${path}`, { schema }, answer)
    }
    get('get-artifact', (fields) => artifacts.proxyPath(runIdOf(fields), requiredText(fields, 'path')))
    get('model-versions/get-artifact', async (fields) => {
      const path = checkArtifactPath(requiredText(fields, 'path'))
      const [name, version] = [requiredText(fields, 'name'), requiredText(fields, 'version')]
      if (!filesOfVersion) throw new PlatformError('unsupported', 'this server has no registry')
      return `${proxyPathOf(await filesOfVersion(name, version))}/${path}`
    })
    const ofModel = '/ajax-api/2.0/mlflow/logged-models/:model/artifacts/files'
    app.get<{ Params: { model: string } }>(ofModel, { schema }, async (request, reply) => {
      const path = checkArtifactPath(requiredText(fieldsOf(request.query), 'artifact_file_path'))
      const { artifactUri } = await loggedModels.get(request.params.model)
      return sendArtifact(artifacts, `${proxyPathOf(artifactUri)}/${path}`, request, reply)
    })
    app.get('/ajax-api/2.0/mlflow/get-trace-artifact', { schema }, async (request, reply) => {
      const bytes = await traces.spans(requiredText(fieldsOf(request.query), 'request_id'))
      const type = 'application/octet-stream'
      reply.headers({
        'content-disposition': `attachment; filename=${SPANS_FILE}`,
        'x-content-type-options': 'nosniff',
      })
      return reply.type(type).send(bytes)
    })
    uploadRoute(app, artifacts)
  }
}

function uploadRoute(app: FastifyInstance, artifacts: Tracking['artifacts']): void {
  app.register(async (upload) => {
    upload.removeAllContentTypeParsers()
    upload.addContentTypeParser(
      '*',
      { parseAs: 'buffer', bodyLimit: limitOf('pageUploadBytes') },
      (_request, body, done) => done(null, body),
    )
    // A file has any type or none; a page of another origin is refused by its Origin.
    upload.addHook('onRequest', async (request) => {
      request.headers['content-type'] = 'application/octet-stream'
    })
    const url = '/ajax-api/2.0/mlflow/upload-artifact'
    upload.post(url, { schema, config: RAW_BODY, bodyLimit: limitOf('pageUploadBytes') }, async (request) => {
      const fields = fieldsOf(request.query)
      const runId = optionalText(fields, 'run_uuid')
      if (!runId) throw invalid('Request must specify run_uuid.')
      const path = optionalText(fields, 'path')
      if (!path) throw invalid('Request must specify path.')
      checkArtifactPath(path)
      const { body } = request
      if (!(body instanceof Uint8Array) || body.length === 0) throw invalid('Request must specify data.')
      if (body.length > limitOf('pageUploadBytes'))
        throw overLimit('pageUploadBytes', `the file has ${body.length} bytes`)
      await artifacts.putOfRun(runId, path, body)
      return {}
    })
  })
}
