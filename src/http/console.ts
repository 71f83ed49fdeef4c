import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { FastifyPluginAsync } from 'fastify'
import { PlatformError } from '../base/errors.ts'

/**
 * The console: the page at `/` and its files. What is in a file is in its name, so a browser keeps it for ever; the page itself
 * is asked for anew each time. Nothing of a project is in these files: they are open without a token, and what the page
 * then asks for is not.
 */
export function consoleRoutes(folder: string | null = builtConsole()): FastifyPluginAsync {
  return async (app) => {
    const hidden = { schema: { hide: true } }
    if (folder === null) {
      app.get('/', hidden, () => {
        throw new PlatformError(
          'unavailable',
          'the console was not built: run `npm run build`; the API is described at /docs',
        )
      })
      return
    }
    const { default: files } = await import('@fastify/static')
    await app.register(files, { root: folder, serve: false, preCompressed: true, index: false })
    app.get('/', hidden, (_request, reply) =>
      reply.headers(PAGE_HEADERS).sendFile('index.html', { cacheControl: false }),
    )
    app.get('/weir.svg', hidden, (_request, reply) => reply.sendFile('weir.svg', { maxAge: DAY_MS }))
    app.get<{ Params: { file: string } }>('/assets/:file', hidden, (request, reply) => {
      const { file } = request.params
      if (!/^[\w-][\w.-]*$/.test(file)) return reply.callNotFound()
      return reply
        .header('x-content-type-options', 'nosniff')
        .sendFile(`assets/${file}`, { maxAge: YEAR_MS, immutable: true })
    })
  }
}

const DAY_MS = 86_400_000
const YEAR_MS = 365 * DAY_MS

/** Scripts, styles, pictures and questions are ours alone; styles of a component may stand at its element. */
const PAGE_HEADERS = {
  'content-security-policy': [
    "default-src 'self'",
    "script-src 'self'",
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "frame-src 'self'",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join('; '),
  'cache-control': 'no-cache',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
}

/** Beside the compiled server, or where the server runs from its source. */
function builtConsole(): string | null {
  const places = ['../console', '../../dist/console'].map((place) => fileURLToPath(new URL(place, import.meta.url)))
  return places.find((place) => existsSync(`${place}/index.html`)) ?? null
}
