import { firstLine, type Recogniser } from './fault.ts'

/** Node's codes for a connection that was refused, lost or never answered. */
const CODES: Record<string, string> = {
  ECONNREFUSED: 'refuses connections',
  ECONNRESET: 'ended the connection',
  ECONNABORTED: 'ended the connection',
  EPIPE: 'ended the connection',
  ETIMEDOUT: 'does not answer',
  ENETUNREACH: 'cannot be reached',
  ENETDOWN: 'cannot be reached',
  EHOSTUNREACH: 'cannot be reached',
  EHOSTDOWN: 'cannot be reached',
  ENOTFOUND: 'has a host name that is not known',
  EAI_AGAIN: 'has a host name that cannot be looked up now',
  UND_ERR_SOCKET: 'ended the connection',
  UND_ERR_CONNECT_TIMEOUT: 'does not answer',
}

/** A socket: `connect` with a path is one, and only there ENOENT and EACCES are not about a file. */
export const connectionFault: Recogniser = ({ code, syscall, message, raw }, asked) => {
  const local =
    syscall === 'connect' && (code === 'ENOENT' || code === 'EACCES' || code === 'EPERM' || code === 'EAGAIN')
  const how = local ? 'cannot be reached' : CODES[code]
  if (how === undefined) return undefined
  return {
    code: 'unavailable',
    lost: true,
    says: `${asked ?? placeOf(raw)} ${how} (${firstLine(message || code)})`,
    toCallers: `${asked ?? 'a server that Weir needs'} ${how}`,
    todo: 'Weir tries again by itself as soon as it is asked again',
  }
}

function placeOf({ address, port, path, hostname }: Record<string, unknown>): string {
  if (typeof path === 'string') return path.includes('.s.PGSQL.') ? 'the database' : `the server behind ${path}`
  if (address !== undefined && port !== undefined) return `the server at ${address}:${port}`
  return typeof hostname === 'string' ? `the server ${hostname}` : 'a server that Weir needs'
}
