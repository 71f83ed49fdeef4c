import { readdir } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { silentLog } from '../../src/base/log.ts'
import type { Project } from '../../src/config/project.ts'
import { createServer, type ServerOptions } from '../../src/http/server.ts'
import type { Ingest } from '../../src/ingest/ingest.ts'
import { type DeliveryDeps, deliveryRoutes } from '../../src/ingest/routes.ts'
import { answersAsDocumented, openapiOf } from '../helpers/openapi.ts'
import type { Files, Rig } from './rig.ts'

export type Door = Awaited<ReturnType<typeof openDoor>>

/** Deliveries over HTTP on a real port, to the rooms of a rig. */
export async function openDoor(
  rig: Rig,
  project: Project,
  { bytesMax = 1 << 30, ingest = rig.ingest(project), progressOf, onEnded, ...options }: DoorOptions = {},
) {
  const server = await createServer({
    routes: [deliveryRoutes({ ingest, lake: rig.lake, project, bytesMax, progressOf, onEnded })],
    host: '127.0.0.1',
    port: 0,
    token: null,
    log: silentLog,
    version: '0',
    stopMs: 100,
    ...options,
  })
  const url = await server.listen()

  const asDocumented = answersAsDocumented(await openapiOf(url, options.token))
  const told = async (method: string, path: string, answer: Response): Promise<Answer> => {
    const text = await answer.text()
    asDocumented(method, path, answer.status, answer.headers.get('content-type') ?? '', text)
    return JSON.parse(text)
  }
  const get = async (path: string) => told('GET', path, await fetch(`${url}${path}`))
  const send = async (query: string, body: FormData | string, headers: Record<string, string> = {}) => {
    const answer = await fetch(`${url}/deliveries?${query}`, { method: 'POST', body, headers })
    return { status: answer.status, headers: answer.headers, told: await told('POST', '/deliveries', answer) }
  }
  const post = (query: string, files: Files, headers?: Record<string, string>) => send(query, formOf(files), headers)
  /** What lies in the scratch space of the store: nothing, when nobody works. */
  const scratch = () => scratchOf(rig)
  return {
    url,
    server,
    get,
    send,
    post,
    scratch,
    raw: (text: string | Uint8Array, end?: 'break') => raw(url, text, end),
  }
}

type DoorOptions = { bytesMax?: number; ingest?: Ingest } & Pick<DeliveryDeps, 'progressOf' | 'onEnded'> &
  Partial<ServerOptions>
// biome-ignore lint/suspicious/noExplicitAny: answers are looked at by their members.
type Answer = any

export function formOf(files: Files): FormData {
  const form = new FormData()
  for (const [name, content] of Object.entries(files)) form.append('files', new Blob([content as string]), name)
  return form
}

async function scratchOf(rig: Rig): Promise<string[]> {
  return (await readdir(join(rig.dir, 'objects', '.scratch'))).filter((name) => name.startsWith('work-'))
}

/** Sends bytes as they are and gives what comes back; `break` ends the connection in the middle. */
function raw(url: string, text: string | Uint8Array, end?: 'break'): Promise<string> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname)
    let answer = ''
    socket.on('data', (chunk) => {
      answer += chunk
    })
    socket.on('error', reject)
    socket.on('close', () => resolve(answer))
    socket.write(text, () => {
      if (end === 'break') socket.destroy()
    })
  })
}
