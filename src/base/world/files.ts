import type { Fault, Recogniser } from './fault.ts'

const STORAGE = 'the storage of Weir'
const ROOM = 'make room there, then try again'
const RIGHTS = 'let the user that runs Weir read and write there'

export type Told = Pick<Fault, 'code' | 'says' | 'todo'>

const CODES: Record<string, (place: string) => Told> = {
  ENOSPC: (place) => ({ code: 'storage_full', says: `the disk of ${place} is full`, todo: ROOM }),
  EDQUOT: (place) => ({ code: 'storage_full', says: `the quota of the disk of ${place} is used up`, todo: ROOM }),
  EFBIG: (place) => ({
    code: 'storage_full',
    says: `${place} grew beyond the largest file allowed here`,
    todo: 'raise the limit (ulimit -f), then try again',
  }),
  EACCES: (place) => ({ code: 'storage_refused', says: `${place} may not be used: permission denied`, todo: RIGHTS }),
  EPERM: (place) => ({ code: 'storage_refused', says: `${place} may not be used: not permitted`, todo: RIGHTS }),
  EROFS: (place) => ({
    code: 'storage_refused',
    says: `${place} is on a read-only file system`,
    todo: 'mount it writable, or name another folder',
  }),
  EIO: (place) => ({
    code: 'storage_refused',
    says: `the disk of ${place} fails (input/output error)`,
    todo: 'check the disk; restore from a backup what it lost',
  }),
  EBUSY: (place) => ({ code: 'storage_refused', says: `${place} is in use by the system`, todo: 'try again' }),
  ESTALE: (place) => ({
    code: 'storage_refused',
    says: `the network file system of ${place} was lost`,
    todo: 'mount it again',
  }),
  EMFILE: () => ({
    code: 'unavailable',
    says: 'this process has too many files open',
    todo: 'raise the limit (ulimit -n), or send fewer requests at once',
  }),
  ENFILE: () => ({
    code: 'unavailable',
    says: 'this machine has too many files open',
    todo: 'end other programs, or raise the limit (fs.file-max)',
  }),
  ENOENT: (place) => ({
    code: 'file_gone',
    says: `${place} is not there`,
    todo: 'put it back, from a backup if need be',
  }),
  ENOTDIR: (place) => ({
    code: 'storage_refused',
    says: `${place} leads through something that is not a folder`,
    todo: 'move that away, or name another folder',
  }),
  EISDIR: (place) => ({
    code: 'storage_refused',
    says: `${place} is a folder where a file is expected`,
    todo: 'move it away',
  }),
  ELOOP: (place) => ({
    code: 'storage_refused',
    says: `${place} is a link that leads round in a circle`,
    todo: 'mend the link',
  }),
  ENAMETOOLONG: (place) => ({
    code: 'storage_refused',
    says: `${place} is too long a name for this file system`,
    todo: 'use a shorter one',
  }),
}

/** Faults of the file system; what was said of a socket (listen, connect, bind) is not one. */
export const fileFault: Recogniser = ({ code, syscall, raw }) => {
  const told = CODES[code]
  if (!told || ['listen', 'bind', 'connect', 'spawn'].some((call) => syscall.startsWith(call))) return undefined
  const path = [raw.dest, raw.path].find((p) => typeof p === 'string') as string | undefined
  return faultAt(told, path)
}

/** Where no path is known, and to callers over HTTP, it is only the storage. */
export function faultAt(told: (place: string) => Told, path: string | undefined): Fault {
  return { ...told(path ?? STORAGE), toCallers: told(STORAGE).says }
}
