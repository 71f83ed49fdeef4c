import { posix } from 'node:path'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Tracking } from '../tracking.ts'

/** Of everything else only the bytes are known. */
const TYPES = new Map([
  ['csv', 'text/csv'],
  ['gif', 'image/gif'],
  ['html', 'text/html'],
  ['jpeg', 'image/jpeg'],
  ['jpg', 'image/jpeg'],
  ['json', 'application/json'],
  ['md', 'text/plain'],
  ['mlmodel', 'text/plain'],
  ['mlproject', 'text/plain'],
  ['parquet', 'application/vnd.apache.parquet'],
  ['pdf', 'application/pdf'],
  ['png', 'image/png'],
  ['py', 'text/plain'],
  ['svg', 'image/svg+xml'],
  ['tsv', 'text/tab-separated-values'],
  ['txt', 'text/plain'],
  ['webp', 'image/webp'],
  ['yaml', 'text/plain'],
  ['yml', 'text/plain'],
  ['zip', 'application/zip'],
])

/** Streams one artifact, or one range of it. A browser saves it and never runs it, whatever it is. */
export async function sendArtifact(
  artifacts: Tracking['artifacts'],
  path: string,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { bytes } = await artifacts.stat(path)
  const name = posix.basename(path)
  reply.headers({
    'content-type': typeOf(name),
    'content-disposition': `attachment; filename="${plain(name)}"; filename*=UTF-8''${encoded(name)}`,
    'x-content-type-options': 'nosniff',
    'content-security-policy': "default-src 'none'; sandbox",
    'accept-ranges': 'bytes',
  })
  const range = rangeOf(request.headers.range, bytes)
  if (range === 'outside') return reply.code(416).header('content-range', `bytes */${bytes}`).send()
  if (range === undefined) return reply.header('content-length', bytes).send(await artifacts.stream(path))
  const { start, end } = range
  reply.code(206).headers({ 'content-range': `bytes ${start}-${end}/${bytes}`, 'content-length': end - start + 1 })
  return reply.send(await artifacts.stream(path, range))
}

/** The one range that is asked for; several, or another unit, are answered with the whole. */
export function rangeOf(
  header: string | undefined,
  bytes: number,
): { start: number; end: number } | 'outside' | undefined {
  const m = /^bytes=(\d*)-(\d*)$/.exec(header ?? '')
  if (!m || (m[1] === '' && m[2] === '')) return undefined
  const last = bytes - 1
  const start = m[1] === '' ? Math.max(0, bytes - Number(m[2])) : Number(m[1])
  const end = m[1] === '' || m[2] === '' ? last : Math.min(Number(m[2]), last)
  if (m[1] !== '' && m[2] !== '' && Number(m[2]) < start) return undefined
  return start > end ? 'outside' : { start, end }
}

function typeOf(name: string): string {
  return TYPES.get(name.slice(name.lastIndexOf('.') + 1).toLowerCase()) ?? 'application/octet-stream'
}

/** A name for clients that know only ASCII. */
function plain(name: string): string {
  return name.replace(/[^\x20-\x7e]|["\\%]/g, '_')
}

function encoded(name: string): string {
  return encodeURIComponent(name).replace(/['()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
}
