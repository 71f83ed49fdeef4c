import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { readSettings } from '../../src/config/settings.ts'

const dir = mkdtempSync(join(tmpdir(), 'weir-secrets-'))
afterAll(() => rmSync(dir, { recursive: true }))
const file = (name: string, text: string) => {
  writeFileSync(join(dir, name), text)
  return join(dir, name)
}
const read = (flags: object, env: Record<string, string> = {}) => readSettings({ flags, env, projectDir: dir })

describe('secrets: a file for what the process list would show', () => {
  it('holds the token, or the address of the database', () => {
    file('token', 'from-file\n')
    file('url', 'postgresql://u:PW@db/weir\n')
    expect(read({ tokenFile: 'token' }).token).toBe('from-file')
    expect(read({}, { WEIR_TOKEN_FILE: join(dir, 'token') }).token).toBe('from-file')
    expect(read({}, { DATABASE_URL_FILE: join(dir, 'url') }).databaseUrl).toBe('postgresql://u:PW@db/weir')
  })

  it('flags win over the environment, and what is said itself over the file', () => {
    expect(read({ tokenFile: 'token' }, { WEIR_TOKEN: 'env' }).token).toBe('from-file')
    expect(read({ token: 'flag', tokenFile: 'token' }).token).toBe('flag')
    expect(read({}, { WEIR_TOKEN: 'env', WEIR_TOKEN_FILE: join(dir, 'token') }).token).toBe('env')
  })

  it('is refused when it is missing, empty or of more lines, without a word of it', () => {
    expect(() => read({ tokenFile: 'nowhere' })).toThrow(/--token-file \(WEIR_TOKEN_FILE\).*ENOENT/)
    expect(() => read({ tokenFile: file('empty', ' ') })).toThrow(/one line/)
    expect(() => read({ tokenFile: file('lines', 'a\nhidden') })).toThrow(/^(?!.*hidden).*one line/)
  })
})

it.each([
  [{ objects: 'http://u:PW@host/x' }, /WEIR_OBJECTS/],
  [{ online: 'redis://u:PW@' }, /WEIR_ONLINE|^ok$/],
  [{ online: 'http://u:PW@host' }, /WEIR_ONLINE/],
  [{ port: 'x://u:PW@host' }, /WEIR_PORT/],
])('secrets: a wrong %j is told without its password', (flags, says) => {
  let said = 'ok'
  try {
    read(flags)
  } catch (error) {
    said = (error as Error).message
  }
  expect(said).toMatch(says)
  expect(said).not.toContain('PW')
})

it('public names and the time of a stop', () => {
  const settings = read({}, { WEIR_PUBLIC_HOSTS: 'https://a.example, b.example,', WEIR_STOP_MS: '500' })
  expect([settings.publicHosts, settings.stopMs]).toEqual([['https://a.example', 'b.example'], 500])
  expect(() => read({ stopMs: '-1' })).toThrow(/WEIR_STOP_MS/)
})
